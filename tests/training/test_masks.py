"""The masks' promises hold for any size, bucket and seed."""

import logging
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.masks import (
    BUCKETS,
    Bucket,
    IrregularMasks,
    Mask,
    MaskFolder,
    draw_bank,
    draw_irregular,
    hole_ratio,
)
from training.masks.folder import _read_hole
from training.masks.growth import grow

sides = st.integers(64, 150)
seeds = st.integers(0, 2**32 - 1)


def rim(mask: Mask) -> Mask:
    return np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])


@settings(max_examples=120, deadline=None)
@given(sides, sides, st.sampled_from(BUCKETS), seeds)
def test_hole_with_border_contact_is_in_its_bucket_and_touches(
    height: int, width: int, bucket: Bucket, seed: int
) -> None:
    mask = draw_irregular(np.random.default_rng(seed), height, width, bucket, border=True)
    assert mask.shape == (height, width)
    assert mask.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 1}
    assert bucket.low < np.count_nonzero(mask == 0) / mask.size <= bucket.high
    assert (rim(mask) == 0).any()


@settings(max_examples=120, deadline=None)
@given(sides, sides, st.sampled_from(BUCKETS), seeds)
def test_hole_without_border_contact_keeps_a_tenth_of_the_side_clear(
    height: int, width: int, bucket: Bucket, seed: int
) -> None:
    mask = draw_irregular(np.random.default_rng(seed), height, width, bucket, border=False)
    assert bucket.low < np.count_nonzero(mask == 0) / mask.size <= bucket.high
    rows, columns = np.nonzero(mask == 0)
    assert min(rows.min(), height - 1 - rows.max()) >= 0.1 * height
    assert min(columns.min(), width - 1 - columns.max()) >= 0.1 * width


@pytest.mark.parametrize("border", [True, False])
def test_a_bucket_of_one_pixel_count_is_met_exactly(border: bool) -> None:
    area = 64 * 64
    for pixels in (1, 2, 40, 2500):
        bucket = Bucket((pixels - 1) / area, pixels / area)
        mask = draw_irregular(np.random.default_rng(pixels), 64, 64, bucket, border=border)
        assert np.count_nonzero(mask == 0) == pixels
        assert (rim(mask) == 0).any() == border


def test_same_seed_same_mask_other_seed_other_mask() -> None:
    source = IrregularMasks()
    first, again, other = (source(np.random.default_rng(s), 96, 96) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_source_draws_every_bucket_and_both_kinds_of_border() -> None:
    rng = np.random.default_rng(0)
    masks = [IrregularMasks()(rng, 64, 64) for _ in range(150)]
    assert all(any(bucket.holds(hole_ratio(mask)) for mask in masks) for bucket in BUCKETS)
    touching = sum(bool((rim(mask) == 0).any()) for mask in masks)
    assert 40 < touching < 110


def test_source_keeps_to_the_buckets_and_border_asked_for() -> None:
    rng = np.random.default_rng(0)
    source = IrregularMasks(BUCKETS[2:4], border=False)
    for _ in range(30):
        mask = source(rng, 64, 80)
        assert 0.2 < hole_ratio(mask) <= 0.4
        assert (rim(mask) == 1).all()


def test_too_small_or_impossible_masks_are_refused_in_words() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="start at 64 pixels"):
        draw_irregular(rng, 64, 63, BUCKETS[0], border=True)
    with pytest.raises(ValueError, match="no clear border"):
        draw_irregular(rng, 64, 64, Bucket(0.8, 0.9), border=False)
    with pytest.raises(ValueError, match="at least one bucket"):
        IrregularMasks([])


@given(st.integers(1, 10**6), st.sampled_from(BUCKETS))
def test_pixel_range_is_exactly_the_bucket(area: int, bucket: Bucket) -> None:
    try:
        fewest, most = bucket.pixel_range(area)
    except ValueError:
        candidates = range(math.floor(bucket.low * area), math.ceil(bucket.high * area) + 1)
        assert not any(bucket.holds(pixels / area) for pixels in candidates)
    else:
        assert bucket.holds(fewest / area)
        assert bucket.holds(most / area)
        assert not bucket.holds((fewest - 1) / area)
        assert not bucket.holds((most + 1) / area)


def test_growth_adds_the_nearest_pixels() -> None:
    hole = np.zeros((9, 9), np.uint8)
    hole[4, 4] = 1
    grown = grow(hole, 9)
    assert np.argwhere(grown).tolist() == [[r, c] for r in (3, 4, 5) for c in (3, 4, 5)]


@pytest.mark.parametrize(("start", "pixels"), [(0, 5), (6, 5), (1, 82)])
def test_impossible_growth_is_refused(start: int, pixels: int) -> None:
    hole = np.zeros((9, 9), np.uint8)
    hole.ravel()[:start] = 1
    with pytest.raises(ValueError, match="cannot grow"):
        grow(hole, pixels)


def test_a_bank_holds_a_sources_masks_and_its_share_of_blocks() -> None:
    def half(rng: np.random.Generator, height: int, width: int) -> Mask:
        mask = np.ones((height, width), np.uint8)
        mask[:, : width // 2] = 0
        return mask

    bank = draw_bank(half, 64, 200, block_share=0.25, seed=3)
    assert (bank.shape, bank.dtype) == ((200, 64, 64), np.uint8)
    assert set(np.unique(bank)) == {0, 1}
    halves = sum(np.array_equal(mask, half(np.random.default_rng(), 64, 64)) for mask in bank)
    assert 130 <= halves <= 170
    assert np.array_equal(bank[:8], draw_bank(half, 64, 8, block_share=0.25, seed=3))
    assert not np.array_equal(bank, draw_bank(half, 64, 200, block_share=0.25, seed=4))
    assert (draw_bank(half, 64, 5)[:, :, :32] == 0).all()


def write_mask(path: Path, hole: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.where(hole, 255, 0).astype(np.uint8))


@pytest.fixture
def blob() -> np.ndarray:
    hole = np.zeros((120, 160), np.bool_)
    hole[40:80, 50:110] = True
    return hole


def test_folder_masks_are_binary_of_any_size_and_have_hole_and_known(
    tmp_path: Path, blob: np.ndarray
) -> None:
    write_mask(tmp_path / "nested" / "blob.png", blob)
    source = MaskFolder(tmp_path)
    rng = np.random.default_rng(0)
    masks = [source(rng, 100, 72) for _ in range(40)]
    assert all(mask.shape == (100, 72) and mask.dtype == np.uint8 for mask in masks)
    assert all(set(np.unique(mask)) == {0, 1} for mask in masks)
    assert len({mask.tobytes() for mask in masks}) == 40


def test_folder_reads_white_as_hole(tmp_path: Path) -> None:
    corner = np.zeros((100, 100), np.bool_)
    corner[:10, :10] = True
    write_mask(tmp_path / "corner.png", corner)
    masks = [MaskFolder(tmp_path)(np.random.default_rng(s), 100, 100) for s in range(20)]
    assert np.mean([hole_ratio(mask) for mask in masks]) < 0.2


@pytest.mark.parametrize(
    ("ground", "ink", "dtype"),
    [
        (0, 255, np.uint8),
        (0, 65535, np.uint16),
        ((0, 0, 0), (0, 0, 255), np.uint8),
        ((255, 255, 255, 0), (255, 255, 255, 255), np.uint8),
        ((0, 0, 255, 120), (0, 0, 255, 130), np.uint8),
    ],
    ids=["grey", "16 bit", "red", "transparent ground", "half transparent"],
)
def test_folder_reads_masks_as_the_service_does(
    tmp_path: Path, blob: np.ndarray, ground: object, ink: object, dtype: type
) -> None:
    shape = blob.shape if np.isscalar(ground) else (*blob.shape, 1)
    pixels = np.where(blob.reshape(shape), np.array(ink), np.array(ground)).astype(dtype)
    cv2.imwrite(str(tmp_path / "blob.png"), pixels)
    assert np.array_equal(_read_hole(tmp_path / "blob.png"), blob)


def test_folder_skips_and_counts_what_is_no_mask(
    tmp_path: Path, blob: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    write_mask(tmp_path / "blob.png", blob)
    write_mask(tmp_path / "black.png", np.zeros((10, 10), np.bool_))
    write_mask(tmp_path / "white.png", np.ones((10, 10), np.bool_))
    (tmp_path / "broken.png").write_bytes(b"no picture")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("no mask at all")
    with caplog.at_level(logging.WARNING):
        source = MaskFolder(tmp_path)
    assert (len(source), source.skipped) == (1, 4)
    assert "broken.png: it cannot be decoded" in caplog.text
    assert "white.png: it is hole everywhere or nowhere" in caplog.text


def test_folder_without_masks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no usable mask"):
        MaskFolder(tmp_path)
    with pytest.raises(FileNotFoundError):
        MaskFolder(tmp_path / "nowhere")
