/* Seams between copied pieces moved to where they show least.
 *
 * A label is the source of a filled pixel. Each hole pixel may take over the offset of one of its
 * four neighbours where that lowers the cost: distance of the guide, a price for every neighbour of
 * another offset, and how much the two sources disagree about both pixels of the seam (Kwatra et
 * al. 2003), by iterated conditional modes.
 */
#include <math.h>

#include "texture.h"

typedef struct {
    float seam;    /* price of a neighbour of another offset */
    float missing; /* price of a source without that neighbour */
} Cleaning;

static const int32_t ROW_STEPS[4] = {1, -1, 0, 0}, COLUMN_STEPS[4] = {0, 0, 1, -1};

static inline float difference(const Scale *scale, int32_t y0, int32_t x0, int32_t y1, int32_t x1) {
    return squared(load_pixel(&scale->picture[at(scale, y0, x0)])
                   - load_pixel(&scale->picture[at(scale, y1, x1)]));
}

/* Cost of the source (qy, qx) for the pixel (y, x); stops at `best`. */
static float cost_of(const Scale *scale, const Cleaning *cleaning, const int32_t *labels, int32_t y,
                     int32_t x, int32_t qy, int32_t qx, float best) {
    float cost = squared(load_pixel(&scale->guide[at(scale, y, x)])
                         - load_pixel(&scale->guide[at(scale, qy, qx)]));
    for (int n = 0; n < 4 && cost < best; n++) {
        int32_t row = y + ROW_STEPS[n], column = x + COLUMN_STEPS[n];
        if (!inside(scale, row, column)) continue;
        bool filled = scale->state[at(scale, row, column)] & (HOLE | KEPT);
        int32_t their_y = row, their_x = column;
        if (filled) {
            const int32_t *label = &labels[2 * in_frame(scale, row, column)];
            their_y = label[0];
            their_x = label[1];
        }
        if (their_y - ROW_STEPS[n] == qy && their_x - COLUMN_STEPS[n] == qx) continue;
        cost += cleaning->seam;
        int32_t my_y = qy + ROW_STEPS[n], my_x = qx + COLUMN_STEPS[n];
        cost += has(scale, my_y, my_x, SOURCE) ? difference(scale, my_y, my_x, their_y, their_x)
                                               : cleaning->missing;
        if (!filled) continue;
        my_y = their_y - ROW_STEPS[n];
        my_x = their_x - COLUMN_STEPS[n];
        cost += has(scale, my_y, my_x, SOURCE) ? difference(scale, my_y, my_x, qy, qx)
                                               : cleaning->missing;
    }
    return cost;
}

static bool clean_pixel(const Scale *scale, const Cleaning *cleaning, int32_t *labels, int32_t y,
                        int32_t x) {
    int32_t *label = &labels[2 * in_frame(scale, y, x)];
    int32_t best_y = label[0], best_x = label[1];
    float best = INFINITY;
    for (int n = -1; n < 4; n++) {
        int32_t qy = label[0], qx = label[1];
        if (n >= 0) {
            int32_t row = y + ROW_STEPS[n], column = x + COLUMN_STEPS[n];
            if (!has(scale, row, column, HOLE | KEPT)) continue;
            const int32_t *their = &labels[2 * in_frame(scale, row, column)];
            qy = their[0] - ROW_STEPS[n];
            qx = their[1] - COLUMN_STEPS[n];
            if ((qy == label[0] && qx == label[1]) || !has(scale, qy, qx, SOURCE)) continue;
        }
        float cost = cost_of(scale, cleaning, labels, y, x, qy, qx, best);
        if (cost < best) {
            best = cost;
            best_y = qy;
            best_x = qx;
        }
    }
    if (best_y == label[0] && best_x == label[1]) return false;
    label[0] = best_y;
    label[1] = best_x;
    return true;
}

/* A pixel chooses again only if it or a neighbour has changed since it chose. */
static void stir(const Scale *scale, uint8_t *stirred, int32_t y, int32_t x) {
    stirred[in_frame(scale, y, x)] = 1;
    for (int n = 0; n < 4; n++) {
        int32_t row = y + ROW_STEPS[n], column = x + COLUMN_STEPS[n];
        if (has(scale, row, column, HOLE | KEPT)) stirred[in_frame(scale, row, column)] = 1;
    }
}

static int32_t clean_rows(const Scale *scale, const Cleaning *cleaning, int32_t *labels,
                          uint8_t *stirred, int32_t reverse, int32_t first, int32_t last) {
    int32_t changed = 0;
    for (int32_t n = 0; n < last - first; n++) {
        int32_t y = reverse ? last - 1 - n : first + n;
        for (int32_t m = 0; m < scale->columns; m++) {
            int32_t x = scale->left + (reverse ? scale->columns - 1 - m : m);
            size_t place = in_frame(scale, y, x);
            if (!stirred[place] || !(scale->state[at(scale, y, x)] & HOLE)) continue;
            stirred[place] = 0;
            if (!clean_pixel(scale, cleaning, labels, y, x)) continue;
            stir(scale, stirred, y, x);
            changed++;
        }
    }
    return changed;
}

/* One sweep over some blocks; returns how many labels changed. Blocks that touch must not be under
 * way at once: it looks at the rows before and after each block.
 *
 * stirred: rows x columns of the frame, all 1 before the first sweep: who may want to change.
 */
EXPORT int32_t texture_clean(const Scale *scale, const Cleaning *cleaning, int32_t *labels,
                             uint8_t *stirred, int32_t reverse, Blocks blocks) {
    int32_t changed = 0;
    for (; blocks.first < blocks.last; blocks.first += blocks.step)
        changed += clean_rows(scale, cleaning, labels, stirred, reverse, blocks.first,
                              end_of(blocks));
    return changed;
}
