/* Every hole pixel takes the one vote, of the patches that cover it, that is trusted most.
 * Averages of votes blur (Wexler et al. 2007 take weighted means). */
#include <math.h>

#include "texture.h"

static void vote_rows(const Scale *scale, int32_t r, const float *doubt, int32_t *labels,
                      int32_t first, int32_t last) {
    for (int32_t y = first; y < last; y++) {
        for (int32_t x = scale->left; x < scale->left + scale->columns; x++) {
            if (!(scale->state[at(scale, y, x)] & HOLE)) continue;
            float least = INFINITY;
            int32_t voter_y = y, voter_x = x;
            int32_t bottom = smaller(y + r, scale->height - 1);
            int32_t right = smaller(x + r, scale->width - 1);
            for (int32_t py = larger(0, y - r); py <= bottom; py++) {
                for (int32_t px = larger(0, x - r); px <= right; px++) {
                    float this = doubt[in_frame(scale, py, px)];
                    if (this < least) {
                        least = this;
                        voter_y = py;
                        voter_x = px;
                    }
                }
            }
            const int32_t *match = &scale->field[2 * in_frame(scale, voter_y, voter_x)];
            int32_t source_y = match[0] + y - voter_y, source_x = match[1] + x - voter_x;
            scale->picture[at(scale, y, x)] = scale->picture[at(scale, source_y, source_x)];
            if (labels) {
                size_t place = 2 * in_frame(scale, y, x);
                labels[place] = source_y;
                labels[place + 1] = source_x;
            }
        }
    }
}

/* Fill the hole in some blocks.
 *
 * doubt:  rows x columns of the frame: how little a target's match is trusted.
 * labels: rows x columns x 2: where each pixel was copied from; NULL if not wanted.
 */
EXPORT void texture_vote(const Scale *scale, int32_t r, const float *doubt, int32_t *labels,
                         Blocks blocks) {
    for (; blocks.first < blocks.last; blocks.first += blocks.step)
        vote_rows(scale, r, doubt, labels, blocks.first, end_of(blocks));
}
