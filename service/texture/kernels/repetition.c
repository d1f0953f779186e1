/* How well the photo's own repetition explains what is known around the hole. */
#include <math.h>

#include "texture.h"

/* Sum, over square cells of `cell` pixels, the error of copying from one offset on the rim.
 *
 * rim:    rows x columns of the frame: pixels not 0 are looked at.
 * errors: cells of the frame, `ceil(rows / cell)` x `ceil(columns / cell)`: sums of
 *         |I(p) - I(p + offset)|^2 over the rim's pixels whose source is known.
 * counts: how many pixels that were.
 */
EXPORT void texture_errors(const Scale *scale, const uint8_t *rim, int32_t cell, int32_t dy,
                           int32_t dx, float *errors, float *counts) {
    int32_t across = (scale->columns + cell - 1) / cell;
    for (int32_t y = scale->top; y < scale->top + scale->rows; y++) {
        if (y + dy < 0 || y + dy >= scale->height) continue;
        for (int32_t x = scale->left; x < scale->left + scale->columns; x++) {
            if (!rim[in_frame(scale, y, x)] || !has(scale, y + dy, x + dx, SOURCE)) continue;
            size_t place = (size_t)((y - scale->top) / cell) * (size_t)across
                           + (size_t)((x - scale->left) / cell);
            errors[place] += squared(load_pixel(&scale->picture[at(scale, y, x)])
                                     - load_pixel(&scale->picture[at(scale, y + dy, x + dx)]));
            counts[place] += 1;
        }
    }
}

/* The mean of these errors over some places; INFINITY where no source is known. */
static float mean_error(const Scale *scale, const int32_t *places, int32_t count, int32_t dy,
                        int32_t dx) {
    float total = 0;
    int32_t known = 0;
    for (int32_t n = 0; n < count; n++) {
        int32_t y = places[2 * n], x = places[2 * n + 1];
        if (!has(scale, y + dy, x + dx, SOURCE)) continue;
        total += squared(load_pixel(&scale->picture[at(scale, y, x)])
                         - load_pixel(&scale->picture[at(scale, y + dy, x + dx)]));
        known++;
    }
    return known ? total / (float)known : INFINITY;
}

/* Move an offset to where its mean error is least, by steps of `reach`, its half, ... and 1.
 *
 * places: count x 2: rows and columns of the picture.
 * offset: row and column, changed in place.
 */
EXPORT void texture_refine(const Scale *scale, const int32_t *places, int32_t count, int32_t reach,
                           int32_t *offset) {
    float least = mean_error(scale, places, count, offset[0], offset[1]);
    for (int32_t step = reach; step > 0; step /= 2) {
        int32_t row = offset[0], column = offset[1];
        for (int32_t dy = -step; dy <= step; dy += step) {
            for (int32_t dx = -step; dx <= step; dx += step) {
                if (dy == 0 && dx == 0) continue;
                float error = mean_error(scale, places, count, row + dy, column + dx);
                if (error >= least) continue;
                least = error;
                offset[0] = row + dy;
                offset[1] = column + dx;
            }
        }
    }
}

static void choose_rows(const Scale *scale, const int32_t *offsets, int32_t count, int32_t cell,
                        const float *errors, float *best, int32_t *labels, int32_t first,
                        int32_t last) {
    int32_t across = (scale->columns + cell - 1) / cell, down = (scale->rows + cell - 1) / cell;
    float share = 1.0f / (float)cell;
    for (int32_t y = first; y < last; y++) {
        /* Errors belong to the cells' middles and are interpolated between them. */
        float v = fmaxf(0, ((float)(y - scale->top) + 0.5f) * share - 0.5f);
        int32_t row = smaller((int32_t)v, down - 1), next_row = smaller(row + 1, down - 1);
        v -= (float)row;
        for (int32_t x = scale->left; x < scale->left + scale->columns; x++) {
            size_t place = in_frame(scale, y, x);
            best[place] = INFINITY;
            if (!(scale->state[at(scale, y, x)] & HOLE)) continue;
            float u = fmaxf(0, ((float)(x - scale->left) + 0.5f) * share - 0.5f);
            int32_t column = smaller((int32_t)u, across - 1);
            int32_t next_column = smaller(column + 1, across - 1);
            u -= (float)column;
            for (int32_t n = 0; n < count; n++) {
                int32_t qy = y + offsets[2 * n], qx = x + offsets[2 * n + 1];
                if (!has(scale, qy, qx, SOURCE)) continue;
                const float *error = &errors[(size_t)n * (size_t)across * (size_t)down];
                const float *upper = &error[(size_t)row * (size_t)across];
                const float *lower = &error[(size_t)next_row * (size_t)across];
                float above = upper[column] + u * (upper[next_column] - upper[column]);
                float under = lower[column] + u * (lower[next_column] - lower[column]);
                float here = above + v * (under - above);
                if (here < best[place]) {
                    best[place] = here;
                    labels[2 * place] = qy;
                    labels[2 * place + 1] = qx;
                }
            }
        }
    }
}

/* For the hole in some blocks the offset with the least error whose source is known.
 *
 * offsets: count x 2.
 * errors:  count x cells of the frame, as above, spread into the hole; huge where unknown.
 * best:    rows x columns of the frame: that least error, INFINITY where there is none.
 * labels:  rows x columns x 2: where it copies from.
 */
EXPORT void texture_choose(const Scale *scale, const int32_t *offsets, int32_t count, int32_t cell,
                           const float *errors, float *best, int32_t *labels, Blocks blocks) {
    for (; blocks.first < blocks.last; blocks.first += blocks.step)
        choose_rows(scale, offsets, count, cell, errors, best, labels, blocks.first,
                    end_of(blocks));
}
