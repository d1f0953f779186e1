/* What the kernels share: pixels, states, and one scale of a group of holes.
 *
 * Plain C11 with the vector types of GCC and Clang. No kernel allocates, keeps anything between
 * calls or starts a thread; each works on the blocks of rows it is given, so that whoever calls it
 * decides how many blocks are under way at once. Sums are added in a fixed order and compiled without
 * contraction: the same input gives the same bytes whatever the compiler and the threads.
 */
#ifndef TEXTURE_H
#define TEXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define EXPORT __attribute__((visibility("default")))

typedef float vec __attribute__((vector_size(16)));
typedef uint8_t bytes __attribute__((vector_size(4)));
typedef uint8_t pair_bytes __attribute__((vector_size(8)));
typedef int16_t pair __attribute__((vector_size(16))); /* two pixels */
typedef int32_t ints __attribute__((vector_size(16)));

/* States of a pixel; a pixel of none is looked at but neither filled nor copied. */
enum {
    HOLE = 1,   /* to be filled by the search */
    SOURCE = 2, /* known, may be copied */
    KEPT = 4,   /* filled by repetition, has a label */
    CENTRE = 8, /* the patch around it lies inside the picture and holds sources only */
    TARGET = 16 /* the patch around it has a hole */
};

/* One scale. `picture` and `guide` hold R, G, B and a byte that is the same for all pixels.
 * The frame is a box of the picture that holds all targets with their patches. */
typedef struct {
    int32_t height, width;
    int32_t top, left, rows, columns; /* the frame */
    uint32_t *picture;                /* height x width; the hole holds the fill so far */
    const uint32_t *guide;            /* height x width */
    const uint8_t *state;             /* height x width */
    const float *weight;              /* rows x columns: of the pixels in a patch's distance */
    int32_t *field;                   /* rows x columns x 2: row and column of the source patch */
    float *distance;                  /* rows x columns: of that patch */
} Scale;

/* Blocks of a frame: `rows` rows of the picture from `first` on, again after every `step` rows, none
 * of them at or beyond `last`. */
typedef struct {
    int32_t first, last, rows, step;
} Blocks;

static inline vec load_pixel(const uint32_t *pixel) {
    bytes packed;
    memcpy(&packed, pixel, sizeof packed);
    return __builtin_convertvector(packed, vec);
}

/* Two pixels that follow each other. */
static inline pair load_pair(const uint32_t *pixels) {
    pair_bytes packed;
    memcpy(&packed, pixels, sizeof packed);
    return __builtin_convertvector(packed, pair);
}

/* One pixel, and zeros. */
static inline pair load_single(const uint32_t *pixel) {
    uint32_t one[2] = {*pixel, 0};
    return load_pair(one);
}

/* Sums of squares: of red and green, of blue and the rest, of the first pixel and of the second. */
static inline vec squares(pair v) {
#ifdef __SSE2__
    ints sums = (ints)_mm_madd_epi16((__m128i)v, (__m128i)v);
#else
    ints sums;
    for (int n = 0; n < 4; n++) sums[n] = v[2 * n] * v[2 * n] + v[2 * n + 1] * v[2 * n + 1];
#endif
    return __builtin_convertvector(sums, vec);
}

static inline vec spread(float value) { return (vec){value, value, value, value}; }

static inline float sum(vec v) { return (v[0] + v[1]) + (v[2] + v[3]); }

static inline float squared(vec v) { return sum(v * v); }

static inline size_t at(const Scale *scale, int32_t y, int32_t x) {
    return (size_t)y * (size_t)scale->width + (size_t)x;
}

static inline size_t in_frame(const Scale *scale, int32_t y, int32_t x) {
    return (size_t)(y - scale->top) * (size_t)scale->columns + (size_t)(x - scale->left);
}

static inline bool inside(const Scale *scale, int32_t y, int32_t x) {
    return y >= 0 && x >= 0 && y < scale->height && x < scale->width;
}

static inline bool has(const Scale *scale, int32_t y, int32_t x, int flags) {
    return inside(scale, y, x) && (scale->state[at(scale, y, x)] & flags);
}

static inline int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

/* One past the last row of the first of the blocks. */
static inline int32_t end_of(Blocks blocks) {
    return smaller(blocks.first + blocks.rows, blocks.last);
}

static inline int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

#endif
