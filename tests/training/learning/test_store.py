"""Photos and their shards."""

import dataclasses

import numpy as np
import pytest

from tests.training.toys import toy_photos
from training.learning import store as stores
from training.learning.store import STEPS_PER_SHARD, PhotoStore, common_budget


def seen(store, shards):
    """The bytes of the photos that each turn holds and may draw, turn by turn."""
    turns = []
    for turn in range(shards):
        held = {name: np.asarray(value) for name, value in store.at(turn * STEPS_PER_SHARD).items()}
        chances = np.diff(held["cumulative"], prepend=0)
        drawn = zip(held["photos"], chances, strict=True)
        turns.append({photo.tobytes() for photo, chance in drawn if chance > 0})
    return turns


def test_what_fits_lies_there_whole():
    photos = toy_photos()
    for budget in (None, photos.pixels.nbytes):
        store = PhotoStore(photos, budget)
        assert store.shards == 1
        held = store.at(0)
        np.testing.assert_array_equal(held["photos"], photos.pixels)
        np.testing.assert_array_equal(held["sizes"], photos.sizes)
        np.testing.assert_array_equal(held["cumulative"], np.arange(1, 6))
        assert store.at(10**6)["photos"] is held["photos"]


def test_several_processes_take_the_least_budget_of_them(monkeypatch):
    assert common_budget(12_345_678) == 12_345_678
    assert common_budget(None) is None
    for others, mine, common in (
        ([3 << 10], 5 << 30, 3 << 30),
        ([9 << 10], 5 << 30, 5 << 30),
        ([stores.ANY_NUMBER], 5 << 30, 5 << 30),
        ([stores.ANY_NUMBER], None, None),
    ):
        monkeypatch.setattr(stores, "told_by_all", lambda number, others=others: [number, *others])
        assert common_budget(mine) == common


def test_several_processes_must_have_the_same_photos(monkeypatch):
    photos, told = toy_photos(), []
    monkeypatch.setattr("jax.process_count", lambda: 2)
    monkeypatch.setattr(stores, "told_by_all", lambda number: told.append(number) or told)
    photos.check_shared()
    photos.check_shared()
    changed = photos.pixels.copy()
    changed[-1, -1, -1, -1] ^= 1
    for other in (
        dataclasses.replace(photos, pixels=changed),
        dataclasses.replace(photos, chances=photos.chances * 2),
        dataclasses.replace(photos, pixels=photos.pixels[:-1]),
    ):
        del told[1:]
        with pytest.raises(ValueError, match="do not have the same photos"):
            other.check_shared()
    assert all(0 <= number < 2**31 for number in told)


def test_shards_take_turns_and_show_every_photo():
    photos = toy_photos(count=7)
    store = PhotoStore(photos, 4 * photos.pixels[:1].nbytes)
    assert store.shards == 4
    turns = seen(store, 4)
    assert set().union(*turns) == {photo.tobytes() for photo in photos.pixels}
    assert sum(map(len, turns)) == 7
    assert seen(store, 8)[4:] == turns


def test_a_shard_stays_for_some_steps_and_all_have_one_shape():
    photos = toy_photos(count=7)
    store = PhotoStore(photos, 4 * photos.pixels[:1].nbytes)
    first = store.at(0)
    assert store.at(STEPS_PER_SHARD - 1)["photos"] is first["photos"]
    shapes = {
        tuple(value.shape for value in store.at(turn * STEPS_PER_SHARD).values())
        for turn in range(4)
    }
    assert len(shapes) == 1
    assert first["photos"].shape[0] == 2


def test_which_photos_a_step_sees_depends_on_its_number_alone():
    photos = toy_photos(count=7)
    one, other = (PhotoStore(photos, 4 * photos.pixels[:1].nbytes) for _ in range(2))
    seen(one, 4)
    step = 2 * STEPS_PER_SHARD
    np.testing.assert_array_equal(one.at(step)["photos"], other.at(step)["photos"])


def test_photos_smaller_than_a_crop_are_never_drawn():
    photos = toy_photos()
    assert photos.for_crops(16).chances.tolist() == [1, 1, 1, 1, 1]
    assert photos.for_crops(17).chances.tolist() == [1, 1, 1, 1, 0]
    with pytest.raises(ValueError, match="at least 21 pixels on a canvas of 20x28"):
        photos.for_crops(21)


def test_shards_without_a_photo_to_draw_have_no_turn():
    photos = toy_photos(count=6)
    rare = dataclasses.replace(photos, chances=np.float32([0, 0, 0, 0, 0, 2]))
    store = PhotoStore(rare, 2 * photos.pixels[:1].nbytes)
    assert store.shards == 6
    assert seen(store, 3) == [{photos.pixels[5].tobytes()}] * 3
