/* PatchMatch (Barnes et al. 2009): for each patch that touches the hole the most alike known one. */
#include <math.h>

#include "texture.h"

enum { WIDEST = 5, PAIRS = 3, POINTS = 9, TRIES = 3 };

typedef struct {
    int32_t radius;         /* of patches: 1 or 2 */
    float lambda;           /* weight of the guide */
    float mu;               /* price of a pixel of distance */
    float reluctance;       /* a random patch must be closer by this factor, at least 1 */
    int32_t reverse;        /* from the last target to the first */
    int32_t measure;        /* measure the field's patches anew: the fill has changed */
    int32_t widest;         /* half of the side of the largest random window; 0 draws none */
    uint64_t key;           /* of the random numbers */
    const int32_t *offsets; /* count x 2: steps of the photo's repetition, tried as they are */
    int32_t count;
    const int32_t *centres; /* some centres as y * width + x, for samples from anywhere */
    int32_t centre_count;   /* 0 draws none */
} Sweep;

/* What does not change while one target tries its sources. */
typedef struct {
    int32_t y, x;
    pair patch[WIDEST][PAIRS]; /* rows of pixels, two by two, the last one alone */
    vec weight[WIDEST][PAIRS];
    vec guide[POINTS];
} Target;

typedef struct {
    int32_t y, x;
    float distance;
} Match;

/* SplitMix64 (Steele et al. 2014): every target has a stream of its own, so order does not matter. */
static inline uint64_t draw(uint64_t *state) {
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static inline uint32_t below(uint32_t number, uint32_t limit) {
    return (uint32_t)(((uint64_t)number * limit) >> 32);
}

static inline void read_target(const Scale *scale, Target *target, int32_t y, int32_t x, int r,
                               bool guided) {
    target->y = y;
    target->x = x;
    for (int a = 0; a <= 2 * r; a++) {
        uint32_t pixels[2 * PAIRS] = {0};
        float weights[2 * PAIRS] = {0}; /* nothing counts beyond the picture's edge */
        for (int b = 0; b <= 2 * r; b++) {
            if (!inside(scale, y + a - r, x + b - r)) continue;
            pixels[b] = scale->picture[at(scale, y + a - r, x + b - r)];
            weights[b] = scale->weight[in_frame(scale, y + a - r, x + b - r)];
        }
        for (int n = 0; n <= r; n++) {
            float first = weights[2 * n], second = weights[2 * n + 1];
            target->patch[a][n] = load_pair(&pixels[2 * n]);
            target->weight[a][n] = (vec){first, first, second, second};
        }
    }
    if (!guided) return;
    int n = 0;
    for (int a = -r; a <= r; a += r) {
        for (int b = -r; b <= r; b += r) {
            int32_t row = larger(0, smaller(scale->height - 1, y + a));
            int32_t column = larger(0, smaller(scale->width - 1, x + b));
            target->guide[n++] = load_pixel(&scale->guide[at(scale, row, column)]);
        }
    }
}

/* Distance of a target to the patch around (y, x), or something not below `best`. */
static inline float measure(const Scale *scale, const Sweep *sweep, const Target *target, int r,
                            int32_t y, int32_t x, float best) {
    float dy = (float)(target->y - y), dx = (float)(target->x - x);
    float distance = sweep->mu * sqrtf(dy * dy + dx * dx);
    if (sweep->lambda > 0) {
        vec total = spread(0);
        int n = 0;
        for (int a = -r; a <= r; a += r) {
            for (int b = -r; b <= r; b += r) {
                vec e = target->guide[n++] - load_pixel(&scale->guide[at(scale, y + a, x + b)]);
                total += e * e;
            }
        }
        distance += sweep->lambda * sum(total) / POINTS;
    }
    if (distance >= best) return distance;
    const float area = (float)((2 * r + 1) * (2 * r + 1));
    const float limit = (best - distance) * area;
    vec total = spread(0);
    for (int a = 0; a <= 2 * r; a++) {
        const uint32_t *row = &scale->picture[at(scale, y + a - r, x - r)];
        for (int n = 0; n < r; n++)
            total += target->weight[a][n] * squares(target->patch[a][n] - load_pair(&row[2 * n]));
        total += target->weight[a][r] * squares(target->patch[a][r] - load_single(&row[2 * r]));
        if (sum(total) >= limit) return best;
    }
    return distance + sum(total) / area;
}

static inline void consider(const Scale *scale, const Sweep *sweep, const Target *target, int r,
                            int32_t y, int32_t x, float reluctance, Match *match) {
    if (!has(scale, y, x, CENTRE) || (y == match->y && x == match->x)) return;
    float distance = measure(scale, sweep, target, r, y, x, match->distance / reluctance);
    if (distance * reluctance < match->distance) *match = (Match){y, x, distance};
}

/* What the neighbours found, carried on by a step. */
static inline void propagate(const Scale *scale, const Sweep *sweep, const Target *target, int r,
                             Match *match) {
    int step = sweep->reverse ? 1 : -1;
    for (int t = 0; t < 2; t++) {
        int32_t y = target->y + (t == 0 ? step : 0), x = target->x + (t == 1 ? step : 0);
        if (!has(scale, y, x, TARGET)) continue;
        const int32_t *source = &scale->field[2 * in_frame(scale, y, x)];
        consider(scale, sweep, target, r, source[0] + target->y - y, source[1] + target->x - x, 1,
                 match);
    }
}

/* One sample from anywhere, then one from each of ever smaller windows around the best. */
static inline void sample(const Scale *scale, const Sweep *sweep, const Target *target, int r,
                          Match *match) {
    uint64_t state = sweep->key ^ ((uint64_t)at(scale, target->y, target->x)
                                   * UINT64_C(0xD1B54A32D192ED03));
    if (sweep->centre_count > 0) {
        int32_t centre =
            sweep->centres[below((uint32_t)draw(&state), (uint32_t)sweep->centre_count)];
        consider(scale, sweep, target, r, centre / scale->width, centre % scale->width,
                 sweep->reluctance, match);
    }
    for (int32_t half = sweep->widest; half >= 1; half /= 2) {
        uint32_t side = 2 * (uint32_t)half + 1;
        for (int n = 0; n < TRIES; n++) {
            uint64_t number = draw(&state);
            int32_t y = match->y + (int32_t)below((uint32_t)number, side) - half;
            int32_t x = match->x + (int32_t)below((uint32_t)(number >> 32), side) - half;
            if (!has(scale, y, x, CENTRE)) continue;
            consider(scale, sweep, target, r, y, x, sweep->reluctance, match);
            break;
        }
    }
}

static inline void improve(const Scale *scale, const Sweep *sweep, int32_t y, int32_t x, int r) {
    Target target;
    read_target(scale, &target, y, x, r, sweep->lambda > 0);
    size_t place = in_frame(scale, y, x);
    Match match = {scale->field[2 * place], scale->field[2 * place + 1], scale->distance[place]};
    if (sweep->measure)
        match.distance = measure(scale, sweep, &target, r, match.y, match.x, INFINITY);
    propagate(scale, sweep, &target, r, &match);
    for (int32_t n = 0; n < sweep->count; n++)
        consider(scale, sweep, &target, r, y + sweep->offsets[2 * n], x + sweep->offsets[2 * n + 1],
                 1, &match);
    sample(scale, sweep, &target, r, &match);
    scale->field[2 * place] = match.y;
    scale->field[2 * place + 1] = match.x;
    scale->distance[place] = match.distance;
}

static inline void sweep_rows(const Scale *scale, const Sweep *sweep, int32_t first, int32_t last,
                              int r) {
    int32_t rows = last - first;
    for (int32_t n = 0; n < rows; n++) {
        int32_t y = sweep->reverse ? last - 1 - n : first + n;
        for (int32_t m = 0; m < scale->columns; m++) {
            int32_t x = scale->left + (sweep->reverse ? scale->columns - 1 - m : m);
            if (scale->state[at(scale, y, x)] & TARGET) improve(scale, sweep, y, x, r);
        }
    }
}

/* One sweep over the targets in some blocks. Reads the field of the row before or after each block:
 * blocks that touch must not be under way at once. */
EXPORT void texture_sweep(const Scale *scale, const Sweep *sweep, Blocks blocks) {
    for (; blocks.first < blocks.last; blocks.first += blocks.step) {
        if (sweep->radius == 1)
            sweep_rows(scale, sweep, blocks.first, end_of(blocks), 1);
        else
            sweep_rows(scale, sweep, blocks.first, end_of(blocks), 2);
    }
}

/* Give every target a source to begin with: the coarser scale's, doubled, where that is a centre,
 * else what a neighbour has, carried on by a step, else any centre. `coarser` is NULL at the
 * coarsest scale. */
EXPORT void texture_begin(const Scale *scale, const Scale *coarser, const int32_t *centres,
                          int32_t centre_count, uint64_t key) {
    for (int32_t y = scale->top; y < scale->top + scale->rows; y++) {
        for (int32_t x = scale->left; x < scale->left + scale->columns; x++) {
            if (!(scale->state[at(scale, y, x)] & TARGET)) continue;
            int32_t *source = &scale->field[2 * in_frame(scale, y, x)];
            bool found = false;
            if (coarser) {
                int32_t row = smaller(y / 2, coarser->height - 1);
                int32_t column = smaller(x / 2, coarser->width - 1);
                if (coarser->state[at(coarser, row, column)] & TARGET) {
                    const int32_t *their = &coarser->field[2 * in_frame(coarser, row, column)];
                    source[0] = 2 * their[0] + y % 2;
                    source[1] = 2 * their[1] + x % 2;
                    found = has(scale, source[0], source[1], CENTRE);
                }
            }
            for (int t = 0; t < 2 && !found; t++) {
                int32_t row = y - (t == 0), column = x - (t == 1);
                if (!has(scale, row, column, TARGET)) continue;
                const int32_t *their = &scale->field[2 * in_frame(scale, row, column)];
                source[0] = their[0] + y - row;
                source[1] = their[1] + x - column;
                found = has(scale, source[0], source[1], CENTRE);
            }
            if (!found) {
                uint64_t state = key ^ ((uint64_t)at(scale, y, x) * UINT64_C(0xD1B54A32D192ED03));
                int32_t centre = centres[below((uint32_t)draw(&state), (uint32_t)centre_count)];
                source[0] = centre / scale->width;
                source[1] = centre % scale->width;
            }
        }
    }
}
