/* Copied pieces joined in the gradient domain (Perez et al. 2003), held near the copied colours.
 *
 * Minimises sum |grad I - g|^2 + hold |I - A|^2 over the filled pixels, A the copied colours and g
 * the mean of what the sources of both pixels say of the step between them; pixels around the fill
 * stay as they are. By successive over-relaxation.
 */
#include "texture.h"

static const int32_t ROW_STEPS[4] = {1, -1, 0, 0}, COLUMN_STEPS[4] = {0, 0, 1, -1};

static inline bool filled(const Scale *scale, int32_t y, int32_t x) {
    return scale->state[at(scale, y, x)] & (HOLE | KEPT);
}

static inline vec pixel(const Scale *scale, int32_t y, int32_t x) {
    return load_pixel(&scale->picture[at(scale, y, x)]);
}

static inline vec copied(const Scale *scale, const int32_t *labels, int32_t y, int32_t x) {
    if (!filled(scale, y, x)) return pixel(scale, y, x);
    const int32_t *label = &labels[2 * in_frame(scale, y, x)];
    return pixel(scale, label[0], label[1]);
}

/* The wanted value of pixel (y, x) less that of its neighbour at (y + dy, x + dx). */
static vec step_to(const Scale *scale, const int32_t *labels, int32_t y, int32_t x, int32_t dy,
                   int32_t dx) {
    vec total = spread(0);
    int count = 0;
    const int32_t *mine = &labels[2 * in_frame(scale, y, x)];
    if (has(scale, mine[0] + dy, mine[1] + dx, SOURCE)) {
        total += pixel(scale, mine[0], mine[1]) - pixel(scale, mine[0] + dy, mine[1] + dx);
        count++;
    }
    if (filled(scale, y + dy, x + dx)) {
        const int32_t *their = &labels[2 * in_frame(scale, y + dy, x + dx)];
        if (has(scale, their[0] - dy, their[1] - dx, SOURCE)) {
            total += pixel(scale, their[0] - dy, their[1] - dx) - pixel(scale, their[0], their[1]);
            count++;
        }
    }
    if (count == 2) return total * spread(0.5f);
    /* Where neither source has that neighbour the copy's own step stays: a step of zero smears. */
    return count ? total : copied(scale, labels, y, x) - copied(scale, labels, y + dy, x + dx);
}

static void prepare_rows(const Scale *scale, const int32_t *labels, float hold, float *colours,
                         float *constants, int32_t first, int32_t last) {
    for (int32_t y = first; y < last; y++) {
        for (int32_t x = scale->left; x < scale->left + scale->columns; x++) {
            size_t place = 4 * in_frame(scale, y, x);
            vec colour = copied(scale, labels, y, x);
            memcpy(&colours[place], &colour, sizeof colour);
            if (!filled(scale, y, x)) continue;
            vec constant = spread(hold) * colour;
            for (int n = 0; n < 4; n++)
                if (inside(scale, y + ROW_STEPS[n], x + COLUMN_STEPS[n]))
                    constant += step_to(scale, labels, y, x, ROW_STEPS[n], COLUMN_STEPS[n]);
            memcpy(&constants[place], &constant, sizeof constant);
        }
    }
}

/* Colours to begin with, and the constant part of each equation, in some blocks.
 * `colours` and `constants` are rows x columns x 4 of the frame. */
EXPORT void texture_prepare(const Scale *scale, const int32_t *labels, float hold, float *colours,
                            float *constants, Blocks blocks) {
    for (; blocks.first < blocks.last; blocks.first += blocks.step)
        prepare_rows(scale, labels, hold, colours, constants, blocks.first, end_of(blocks));
}

static void relax_rows(const Scale *scale, float hold, float relaxation, float *colours,
                       const float *constants, int32_t first, int32_t last) {
    for (int32_t y = first; y < last; y++) {
        for (int32_t x = scale->left; x < scale->left + scale->columns; x++) {
            if (!filled(scale, y, x)) continue;
            size_t place = 4 * in_frame(scale, y, x);
            vec total, colour;
            memcpy(&total, &constants[place], sizeof total);
            memcpy(&colour, &colours[place], sizeof colour);
            float count = hold;
            for (int n = 0; n < 4; n++) {
                int32_t row = y + ROW_STEPS[n], column = x + COLUMN_STEPS[n];
                if (!inside(scale, row, column)) continue;
                vec neighbour;
                memcpy(&neighbour, &colours[4 * in_frame(scale, row, column)], sizeof neighbour);
                total += neighbour;
                count += 1;
            }
            colour += spread(relaxation) * (total / spread(count) - colour);
            memcpy(&colours[place], &colour, sizeof colour);
        }
    }
}

/* One sweep over some blocks. Reads the rows before and after each: blocks that touch must not be
 * under way at once. */
EXPORT void texture_relax(const Scale *scale, float hold, float relaxation, float *colours,
                          const float *constants, Blocks blocks) {
    for (; blocks.first < blocks.last; blocks.first += blocks.step)
        relax_rows(scale, hold, relaxation, colours, constants, blocks.first, end_of(blocks));
}
