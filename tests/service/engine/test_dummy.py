import numpy as np

from service.engine.dummy import DummyEngine, IdentityEngine
from tests.service.pictures import noise


def test_it_paints_the_mean_of_what_is_known():
    images = np.stack([noise(8, 8, seed=seed) for seed in range(2)])
    holes = np.zeros((2, 8, 8), np.bool_)
    holes[:, :, 4:] = True
    predictions = DummyEngine((8,)).infer(images, holes)
    for image, prediction in zip(images, predictions, strict=True):
        mean = np.floor(image[:, :4].reshape(-1, 3).mean(axis=0) + 0.5)
        np.testing.assert_array_equal(prediction, np.broadcast_to(mean, (8, 8, 3)))


def test_what_lies_under_the_hole_does_not_matter():
    images = noise(8, 8)[np.newaxis]
    holes = np.zeros((1, 8, 8), np.bool_)
    holes[0, 2:6, 2:6] = True
    other = images.copy()
    other[holes] = 0
    engine = DummyEngine((8,))
    np.testing.assert_array_equal(engine.infer(images, holes), engine.infer(other, holes))


def test_black_where_nothing_is_known():
    images = noise(8, 8)[np.newaxis]
    assert not DummyEngine((8,)).infer(images, np.ones((1, 8, 8), np.bool_)).any()


def test_identity_gives_windows_back():
    images = noise(8, 8)[np.newaxis]
    predictions = IdentityEngine((8,)).infer(images, np.ones((1, 8, 8), np.bool_))
    np.testing.assert_array_equal(predictions, images)
    assert not np.shares_memory(predictions, images)
