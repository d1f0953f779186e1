"""The kernels against the same arithmetic in NumPy."""

import ctypes
import re

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.texture import scale as scale_module
from service.texture.blend import HOLD, blend
from service.texture.compiling import SOURCES
from service.texture.crew import Crew
from service.texture.labels import MISSING, SEAM, clean
from service.texture.library import SweepStruct, address, kernels
from service.texture.pyramid import HOLE_FROM, KNOWN_FROM, Level, halve
from service.texture.scale import CENTRE, HOLE, TARGET, Scale, states
from service.texture.search import STAGES, _prepare, search
from tests.service.texture import reference

HEIGHT, WIDTH = 34, 41
OPAQUE = np.array([0, 0, 0, 255], np.uint8)


def scene(seed=0, radius=2, height=HEIGHT, width=WIDTH):
    """A scale with a hole, a field, weights and a guide, all random but allowed."""
    random = np.random.default_rng(seed)
    picture = random.integers(0, 256, (height, width, 4), dtype=np.uint8)
    picture[..., 3] = 255
    hole = np.zeros((height, width), np.bool_)
    hole[10:19, 14:25] = True
    hole[20:23, 0:4] = True
    known = ~hole
    known[28:, 30:] = False
    state = states(known, hole, radius)
    scale = Scale(picture, state, radius, TARGET)
    scale.attach_guide(random.integers(0, 256, picture.shape, dtype=np.uint8) | OPAQUE)
    weights = random.random(scale.shape).astype(np.float32)
    scale.attach_weights(weights)
    field, distance = scale.attach_field()
    centres = np.argwhere(state & CENTRE)
    box = scale.frame
    for y, x in np.argwhere(state & TARGET):
        field[y - box.top, x - box.left] = centres[random.integers(len(centres))]
    return scale, known, hole, weights, field, distance


def in_picture(scale, values):
    """Values of the frame in an array of the picture's size."""
    whole = np.zeros((*scale.state.shape, *values.shape[2:]), values.dtype)
    whole[scale.frame.slices] = values
    return whole


def swept(scale, radius, **values):
    options = {"radius": radius, "reluctance": 1.0, "measure": 1, "widest": 0, "key": 1}
    struct = SweepStruct(**(options | values))
    pointer = scale.pointer
    scale.apart(
        Crew(), lambda blocks: kernels().texture_sweep(pointer, ctypes.byref(struct), blocks)
    )


@pytest.mark.parametrize("radius", [1, 2])
@pytest.mark.parametrize(("guidance", "price"), [(0, 0), (0.3, 5.0)])
def test_a_sweep_measures_what_the_reference_does_and_only_gets_better(radius, guidance, price):
    scale, _, _, weights, field, distance = scene(radius=radius)
    weight = in_picture(scale, weights.astype(float))

    def measured():
        whole = in_picture(scale, field)
        return {
            tuple(place): reference.patch_distance(
                scale.picture[..., :3],
                scale.guide[..., :3],
                weight,
                place,
                whole[tuple(place)],
                radius,
                guidance,
                price,
            )
            for place in np.argwhere(scale.state & TARGET)
        }

    before = measured()
    swept(scale, radius, lambda_=guidance, mu=price, widest=20)
    after, whole = measured(), in_picture(scale, distance)
    assert sum(after.values()) < 0.95 * sum(before.values())
    for place, expected in after.items():
        assert whole[place] == pytest.approx(expected, rel=1e-4)
        assert expected <= before[place] * (1 + 1e-5)


def test_reluctance_keeps_what_is_hardly_worse():
    moved = []
    for reluctance in (1.0, 1e6):
        scale, _, _, _, field, _ = scene()
        before = field.copy()
        swept(scale, 2, reluctance=reluctance, widest=20)
        moved.append(int((field != before).any(axis=2).sum()))
    assert moved[1] < moved[0]


def test_an_offset_of_the_repetition_is_found():
    scale, *_, distance = scene()
    tile = np.random.default_rng(3).integers(0, 256, (7, 9, 4), dtype=np.uint8) | np.uint8(
        [0, 0, 0, 255]
    )
    scale.picture[:] = np.tile(tile, (5, 5, 1))[:HEIGHT, :WIDTH]
    offsets = np.array([[0, -18], [0, 18]], np.int32)
    swept(scale, 2, offsets=address(offsets), count=2)
    reached = (scale.state[scale.frame.slices] & TARGET) != 0
    assert (distance[reached] == 0).mean() > 0.9


@pytest.mark.parametrize("radius", [1, 2])
def test_votes_are_those_of_the_reference(radius):
    scale, _, hole, _, field, _ = scene(radius=radius)
    doubt = np.random.default_rng(1).permutation(field[..., 0].size).astype(np.float32)
    doubt = doubt.reshape(scale.shape)
    labels = np.zeros((*scale.shape, 2), np.int32)
    before = scale.picture.copy()
    pointer, written = scale.pointer, address(labels)
    scale.in_blocks(
        Crew(),
        lambda blocks: kernels().texture_vote(pointer, radius, address(doubt), written, blocks),
    )
    whole = in_picture(scale, labels)
    targets = (scale.state & TARGET) != 0
    expected = reference.votes(
        hole, targets, in_picture(scale, field), in_picture(scale, doubt), radius
    )
    for place, source in expected.items():
        assert tuple(whole[place]) == source
        assert np.array_equal(scale.picture[place], before[source])
    assert np.array_equal(scale.picture[~hole], before[~hole])


def labelled(seed=0):
    """A scene with random labels that point at sources."""
    scale, known, hole, *_ = scene(seed)
    labels = np.zeros((*scale.shape, 2), np.int32)
    sources = np.argwhere(known)
    random = np.random.default_rng(seed)
    for y, x in np.argwhere(hole):
        labels[y - scale.frame.top, x - scale.frame.left] = sources[random.integers(len(sources))]
    return scale, known, hole, labels


def seam_cost(scale, known, hole, whole, place, source):
    colours, guide = (array[..., :3] for array in (scale.picture, scale.guide))
    return reference.seam_cost(colours, guide, known, whole, hole, place, source, SEAM, MISSING)


def test_cleaning_takes_the_cheapest_of_the_neighbours_offsets():
    scale, known, hole, labels = labelled()
    costs = []
    for _ in range(2):
        whole = in_picture(scale, labels)
        places = [tuple(place) for place in np.argwhere(hole)]
        costs.append(
            [seam_cost(scale, known, hole, whole, place, tuple(whole[place])) for place in places]
        )
        clean(scale, labels, Crew())
    assert sum(costs[1]) < 0.8 * sum(costs[0])
    for y, x in np.argwhere(hole):  # nothing is left to be had but by moving several at once
        whole = in_picture(scale, labels)
        offers = [whole[y, x]]
        for dy, dx in reference.SHIFTS:
            if 0 <= y + dy < HEIGHT and 0 <= x + dx < WIDTH and hole[y + dy, x + dx]:
                offers.append(whole[y + dy, x + dx] - (dy, dx))
        prices = [
            seam_cost(scale, known, hole, whole, (y, x), tuple(offer))
            for offer in offers
            if (offer >= 0).all() and (offer < (HEIGHT, WIDTH)).all() and known[tuple(offer)]
        ]
        assert prices[0] <= min(prices) * (1 + 1e-5)


def test_the_blend_minimises_its_energy():
    scale, known, hole, labels = labelled()
    scale.state[~known & ~hole] = 0
    whole = in_picture(scale, labels)
    picture = scale.picture[..., :3].astype(float)
    copied = picture.copy()
    for place in np.argwhere(hole):
        copied[tuple(place)] = picture[tuple(whole[tuple(place)])]
    wanted = {}
    for y, x in np.argwhere(hole):
        for dy, dx in reference.SHIFTS:
            there = (y + dy, x + dx)
            if not (0 <= there[0] < HEIGHT and 0 <= there[1] < WIDTH):
                continue
            steps = []
            beside = whole[y, x] + (dy, dx)
            if (beside >= 0).all() and (beside < (HEIGHT, WIDTH)).all() and known[tuple(beside)]:
                steps.append(picture[tuple(whole[y, x])] - picture[tuple(beside)])
            if hole[there]:
                beside = whole[there] - (dy, dx)
                inner = (beside >= 0).all() and (beside < (HEIGHT, WIDTH)).all()
                if inner and known[tuple(beside)]:
                    steps.append(picture[tuple(beside)] - picture[tuple(whole[there])])
            step = sum(steps) / len(steps) if steps else copied[y, x] - copied[there]
            wanted[(y, x), (dy, dx)] = step
    image = picture.copy()
    image[scale.frame.slices] = blend(scale, labels, Crew())[..., :3]
    assert np.array_equal(image[~hole], picture[~hole])

    def energy(candidate):
        return reference.energy(candidate, copied, wanted, hole, HOLD)

    least = energy(image)
    assert least < 0.5 * energy(copied)
    random = np.random.default_rng(2)
    for _ in range(20):
        moved = image.copy()
        moved[hole] += random.normal(0, 2, (int(hole.sum()), 3))
        assert energy(moved) > least


@settings(max_examples=30)
@given(st.integers(1, 23), st.integers(1, 23), st.integers(0, 2**32 - 1))
def test_halving_takes_means_of_what_is_known(height, width, seed):
    random = np.random.default_rng(seed)
    picture = random.integers(0, 256, (height, width, 4), dtype=np.uint8)
    known = random.choice(np.array([0, 100, 255], np.uint8), (height, width))
    hole = np.where(known == 0, random.choice(np.array([0, 255], np.uint8)), 0).astype(np.uint8)
    half = halve(Level(picture, known, hole), Crew())
    for y, x in np.ndindex(*half.known.shape):
        block = np.s_[2 * y : 2 * y + 2, 2 * x : 2 * x + 2]
        weight = known[block].astype(float)[..., np.newaxis]
        assert half.known[y, x] == int(weight.sum() + 2) // 4
        assert half.hole[y, x] == int(hole[block].sum(dtype=int) + 2) // 4
        sources = half.known[y, x] >= KNOWN_FROM
        colours = picture[block].astype(float)
        if sources:
            mean = (weight * colours).sum(axis=(0, 1)) / weight.sum()
        else:
            mean = colours.mean(axis=(0, 1))
        np.testing.assert_allclose(half.picture[y, x], mean, atol=0.51)
    assert np.array_equal(half.is_hole, half.hole >= HOLE_FROM)


@settings(max_examples=25)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(12, 60),
    st.integers(12, 60),
    st.floats(0.02, 0.6),
    st.floats(0.6, 1),
    st.integers(1, 3),
)
def test_every_label_points_at_an_allowed_source(seed, height, width, holes, sources, levels):
    random = np.random.default_rng(seed)
    picture = random.integers(0, 256, (height, width, 4), dtype=np.uint8) | OPAQUE
    coarse = cv2.resize(random.random((6, 6)), (width, height), interpolation=cv2.INTER_CUBIC)
    hole = coarse < holes
    known = ~hole & (random.random((height, width)) < (1 if seed % 2 else sources))
    level = Level(
        picture, known.view(np.uint8) * np.uint8(255), hole.view(np.uint8) * np.uint8(255)
    )
    pyramid = [level]
    while len(pyramid) < levels:
        pyramid.append(halve(pyramid[-1], Crew()))
    found = search(
        pyramid, list(STAGES[:levels]), np.array([[0, 7]], np.int32), Crew(), lambda: None
    )
    if found is None:
        return
    state = states(known, hole, 1)
    scale = Scale(picture, state, 1, HOLE)
    labels = np.zeros((*scale.shape, 2), np.int32)
    top, left = scale.frame.top - found.frame.top, scale.frame.left - found.frame.left
    for y, x in np.argwhere(hole[scale.frame.slices]):
        labels[y, x] = found.labels[y + top, x + left]
    scale.attach_guide(found.guide)
    for _ in range(2):
        for y, x in np.argwhere(hole[scale.frame.slices]):
            assert known[tuple(labels[y, x])]
        clean(scale, labels, Crew())


def test_a_scale_without_enough_patches_takes_smaller_ones_or_none():
    picture = np.zeros((30, 30, 4), np.uint8)
    hole = np.ones((30, 30), np.bool_)
    for rows, radius in ((8, 2), (3, 1), (2, None)):
        part = hole.copy()
        part[:rows] = False
        known = (~part).view(np.uint8) * np.uint8(255)
        prepared = _prepare(Level(picture, known, part.view(np.uint8) * np.uint8(255)))
        assert (prepared[1] if prepared else None) == radius


def test_the_states_of_the_kernels_are_those_of_python():
    header = (SOURCES / "texture.h").read_text()
    named = {name: int(value) for name, value in re.findall(r"([A-Z]+) = (\d+)", header)}
    for name, value in named.items():
        assert getattr(scale_module, name) == value
    assert len(named) == 5
