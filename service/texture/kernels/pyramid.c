/* Half the scale: known pixels count for a coarse pixel as far as they are known. */
#include "texture.h"

/* Reduce the rows `first <= y < last` of the coarse picture.
 *
 * A coarse pixel that is known to at least `least` of 255 is the mean of its fine pixels weighted by
 * how far they are known; any other is the plain mean of what its fine pixels show. Fine pixels
 * beyond the edge count as neither known nor hole.
 *
 * known, hole: height x width: shares of 255 of the pixel that are sources, and that are hole.
 */
EXPORT void texture_halve(const uint32_t *picture, const uint8_t *known, const uint8_t *hole,
                          int32_t height, int32_t width, int32_t least, uint32_t *half_picture,
                          uint8_t *half_known, uint8_t *half_hole, int32_t first, int32_t last) {
    int32_t columns = (width + 1) / 2;
    for (int32_t y = first; y < last; y++) {
        for (int32_t x = 0; x < columns; x++) {
            uint32_t weighted[4] = {0}, plain[4] = {0}, knowns = 0, holes = 0, count = 0;
            for (int n = 0; n < 4; n++) {
                int32_t row = 2 * y + n / 2, column = 2 * x + n % 2;
                if (row >= height || column >= width) continue;
                size_t place = (size_t)row * (size_t)width + (size_t)column;
                uint8_t sample[4];
                memcpy(sample, &picture[place], sizeof sample);
                for (int c = 0; c < 4; c++) {
                    weighted[c] += (uint32_t)known[place] * sample[c];
                    plain[c] += sample[c];
                }
                knowns += known[place];
                holes += hole[place];
                count++;
            }
            size_t place = (size_t)y * (size_t)columns + (size_t)x;
            half_known[place] = (uint8_t)((knowns + 2) / 4);
            half_hole[place] = (uint8_t)((holes + 2) / 4);
            uint8_t mean[4];
            bool sources = knowns > 0 && half_known[place] >= least;
            for (int c = 0; c < 4; c++)
                mean[c] = (uint8_t)(sources ? (weighted[c] + knowns / 2) / knowns
                                            : (plain[c] + count / 2) / count);
            memcpy(&half_picture[place], mean, sizeof mean);
        }
    }
}

/* The centres, every `stride`-th of them, as y * width + x; returns how many there are in all.
 * Writes at most `limit` and nothing where `centres` is NULL. */
EXPORT int32_t texture_centres(const uint8_t *state, int32_t count, int32_t stride, int32_t *centres,
                               int32_t limit) {
    int32_t found = 0, written = 0;
    for (int32_t n = 0; n < count; n++) {
        if (!(state[n] & CENTRE)) continue;
        if (centres && found % stride == 0 && written < limit) centres[written++] = n;
        found++;
    }
    return found;
}
