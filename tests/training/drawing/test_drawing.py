"""What is drawn on the device: crops, holes, lattices."""

import jax
import numpy as np
import pytest

from tests.training.toys import SIDE, toy_masks
from training.drawing.crops import draw_crops
from training.drawing.holes import draw_masks, pack
from training.drawing.lattices import lay_lattices
from training.recipe import Augmentation

draw = jax.jit(draw_crops, static_argnums=(4, 5, 6))
draw_holes = jax.jit(draw_masks, static_argnums=2)


def canvases(count=3, height=20, width=28):
    """Noise, so that a place in it can be found again."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(20, 200, (count, height, width, 3), dtype=np.uint8)
    return pixels, np.tile(np.int32([height, width, 0]), (count, 1)), np.ones(count)


def crops(seed, pixels, sizes, chances, **values):
    cumulative = np.cumsum(chances, dtype=np.float32)
    changes = Augmentation.model_validate({"flip": False, **values})
    drawn = draw(jax.random.key(seed), pixels, sizes, cumulative, 32, SIDE, changes)
    assert drawn.shape == (32, SIDE, SIDE, 3)
    assert drawn.dtype == np.float32
    levels = np.asarray(drawn) * 255
    np.testing.assert_allclose(levels, levels.round(), atol=1e-3)  # whole levels
    return levels.round().astype(np.uint8)


def constant(levels, height=20, width=28):
    pixels = np.stack([np.full((height, width, 3), level, np.uint8) for level in levels])
    return pixels, np.tile(np.int32([height, width, 0]), (len(levels), 1))


def test_crops_are_places_of_photos_and_their_key_decides():
    pixels, sizes, chances = canvases()
    first, again, other = (crops(seed, pixels, sizes, chances) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    # Offsets lie between pixels, so a crop is a blend of neighbours: of a ramp, a shifted ramp.
    ramp = np.broadcast_to(np.arange(28, dtype=np.uint8)[:, None] * 4, (1, 20, 28, 3))
    for crop in crops(0, ramp, sizes[:1], [1]):
        inner = crop[:, 1:-1].astype(int)
        assert (abs(np.diff(inner, axis=1) - 4) <= 1).all()
        assert (inner == inner[:1]).all()


def test_photos_are_drawn_by_their_chances():
    pixels, sizes = constant((10, 60, 110, 160))
    levels = crops(0, pixels, sizes, [0, 1, 3, 0])[:, 0, 0, 0]
    counts = [int((levels == level).sum()) for level in (10, 60, 110, 160)]
    assert counts[0] == counts[3] == 0
    assert 2 <= counts[1] <= 16


def test_crops_stay_in_the_part_of_the_canvas_that_is_in_use():
    pixels, sizes = constant((100,))
    pixels[0, SIDE:] = pixels[0, :, SIDE + 2 :] = 0
    sizes[0] = SIDE, SIDE + 2, 0
    for min_scale in (1, 0):
        assert crops(0, pixels, sizes, [1], min_scale=min_scale).min() >= 99


def test_photos_that_lie_are_stood_up():
    pixels, sizes, _ = canvases(1)
    lying = sizes.copy()
    lying[0, 2] = 1
    stood = crops(3, pixels, lying, [1])
    np.testing.assert_array_equal(stood, crops(3, pixels, sizes, [1]).swapaxes(1, 2))


def test_half_of_the_crops_are_mirrored():
    pixels, sizes, chances = canvases()
    plain = crops(5, pixels, sizes, chances)
    flipped = crops(5, pixels, sizes, chances, flip=True)
    mirrored = [
        np.array_equal(one, other[:, ::-1]) for one, other in zip(plain, flipped, strict=True)
    ]
    same = [np.array_equal(one, other) for one, other in zip(plain, flipped, strict=True)]
    assert sum(mirrored) + sum(same) == 32
    assert 8 <= sum(mirrored) <= 24


def test_colours_move_by_their_bounds_at_most():
    pixels, sizes = constant((100,))
    seen = crops(0, pixels, sizes, [1], brightness=0.2, tint=0.1)
    colours = seen[:, 0, 0].astype(float)
    assert colours.min() >= 100 * 0.8 * 0.9 - 1
    assert colours.max() <= 100 * 1.2 * 1.1 + 1
    assert np.ptp(colours.mean(axis=1)) > 20
    assert np.ptp(colours, axis=1).max() > 8
    assert (crops(0, pixels, sizes, [1]) == 100).all()


def test_photos_are_scaled_down_and_never_up():
    """Stripes of one pixel: their contrast falls with the scale, by averaging."""
    pixels, sizes = constant((0,), 48, 48)
    pixels[0, :, ::4] = pixels[0, :, 1::4] = 200
    contrast = crops(0, pixels, sizes, [1], min_scale=0).std(axis=(1, 2, 3))
    whole = crops(0, pixels, sizes, [1]).std(axis=(1, 2, 3))
    assert whole.min() > 70
    assert contrast.min() < 40
    halves = crops(0, pixels, sizes, [1], min_scale=0.9).std(axis=(1, 2, 3))
    assert halves.min() > contrast.min() + 10


def test_masks_come_out_of_the_bank_turned_and_mirrored():
    bank = np.ones((1, SIDE, SIDE), np.uint8)
    bank[0, 2:5, 1:9] = 0
    drawn = np.asarray(draw_holes(jax.random.key(0), pack(bank), 64))
    assert drawn.shape == (64, SIDE, SIDE, 1)
    assert drawn.dtype == np.float32
    ways = {
        turned.tobytes()
        for mask in (bank[0], bank[0].T)
        for turned in (mask, mask[::-1], mask[:, ::-1], mask[::-1, ::-1])
    }
    assert {mask[..., 0].astype(np.uint8).tobytes() for mask in drawn} == ways


def test_sides_that_are_no_multiple_of_8_come_out_of_bits_too():
    bank = toy_masks(3, 20)
    drawn = np.asarray(draw_holes(jax.random.key(0), pack(bank), 8))
    assert {int(mask.sum()) for mask in drawn} <= {int(mask.sum()) for mask in bank}


@pytest.fixture(scope="module")
def lattices():
    rng = np.random.default_rng(0)
    small = rng.random((48, 4, 4, 3)).astype(np.float32)
    truth = np.asarray(jax.image.resize(small, (48, SIDE, SIDE, 3), "linear"))
    mask = np.ones((48, SIDE, SIDE, 1), np.float32)
    mask[:, 2:14, 1:13] = 0
    lay = jax.jit(lay_lattices, static_argnums=3)
    image, seen = lay(jax.random.key(0), truth, mask, 0.5)
    return truth, mask, np.asarray(image), np.asarray(seen)


def test_lattices_lie_in_the_hole_every_4_pixels(lattices):
    truth, mask, image, seen = lattices
    offsets = set()
    for number in range(48):
        added = np.argwhere((seen[number] == 1) & (mask[number] == 0))[:, :2]
        if not len(added):
            np.testing.assert_array_equal(image[number], truth[number])
            continue
        assert len(added) == 9
        assert (np.ptp(added % 4, axis=0) == 0).all()
        offsets.add(tuple(added[0] % 4))
        elsewhere = seen[number, ..., 0] == mask[number, ..., 0]
        np.testing.assert_array_equal(image[number][elsewhere], truth[number][elsewhere])
    assert len(offsets) > 6
    assert (seen >= mask).all()


def test_a_share_of_the_holes_gets_a_lattice(lattices):
    _, mask, _, seen = lattices
    assert 14 <= sum((s > m).any() for s, m in zip(seen, mask, strict=True)) <= 34


def test_lattice_values_are_near_the_truth_and_at_times_the_truth(lattices):
    truth, mask, image, seen = lattices
    added = ((seen == 1) & (mask == 0))[..., 0]
    errors = [
        abs(image[number] - truth[number])[added[number]].max()
        for number in range(48)
        if added[number].any()
    ]
    assert 0 < sum(error == 0 for error in errors) < len(errors) / 2
    assert 0.005 < np.median(errors) < 0.25
    assert image.min() >= 0
    assert image.max() <= 1
