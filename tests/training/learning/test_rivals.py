"""Discriminators at work."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from training.learning.rivals import add_pull, fresh_rival, pixel_rival, shown
from training.losses import adversary

SIDE = 32


@pytest.fixture(scope="module")
def lessons():
    """What a small discriminator thinks while it sees ramps, and noise in their holes."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    mask = np.ones((4, SIDE, SIDE, 1), np.float32)
    mask[:, 4:28, 4:28] = 0
    with pytest.MonkeyPatch.context() as patch:
        shapes = [(4, 16, 2), (16, 16, 2), (16, 16, 2), (16, 16, 1), (16, 1, 1)]
        patch.setattr(adversary, "SHAPES", shapes)
        rival = fresh_rival(*adversary.random_discriminator(np.random.default_rng(1)))
        learn = jax.jit(lambda *seen: pixel_rival(*seen, 5e-3, jnp.float32))
        figures = []
        for step in range(60):
            slopes = rng.random((4, 2, 1, 1, 3))
            truth = rows[..., None] * slopes[:, 0] + columns[..., None] * slopes[:, 1]
            truth = (truth / 2).astype(np.float32)
            noise = rng.random(truth.shape, np.float32)
            pull, rival, seen = learn(rival, noise, truth, mask, np.float32(step + 1))
            figures.append({name: float(value) for name, value in seen.items()})
    return figures, np.asarray(pull), mask


def test_a_discriminator_learns_to_tell_noise_from_photos(lessons):
    figures, _, _ = lessons
    gaps = [seen["discriminator_photos"] - seen["discriminator_filled"] for seen in figures]
    assert abs(np.mean(gaps[:3])) < 0.3
    assert np.mean(gaps[-5:]) > 0.6
    assert figures[-1]["discriminator"] < 0.3 * figures[0]["discriminator"]


def test_it_pulls_at_the_hole_alone(lessons):
    _, pull, mask = lessons
    assert not pull[np.broadcast_to(mask == 1, pull.shape)].any()
    assert pull[np.broadcast_to(mask == 0, pull.shape)].any()


def test_a_pull_has_its_share_of_the_other_gradients_norm():
    rng = np.random.default_rng(0)
    gradient, pull = rng.normal(size=(2, 3, 4)).astype(np.float32)
    added = np.asarray(add_pull(gradient, pull * 1e-4, 0.4)) - gradient
    assert np.linalg.norm(added) == pytest.approx(0.4 * np.linalg.norm(gradient), rel=1e-3)
    np.testing.assert_allclose(
        added / np.linalg.norm(added), pull / np.linalg.norm(pull), rtol=1e-3
    )
    np.testing.assert_array_equal(add_pull(gradient, np.zeros_like(pull), 0.4), gradient)


def test_a_judged_picture_is_clipped_a_little_outside_of_its_range():
    truth, mask = np.full((1, 1, 2, 3), 0.5, np.float32), np.float32([[[[1], [0]]]])
    picture = np.asarray(shown(truth + 9, truth, mask))
    np.testing.assert_allclose(picture[0, 0, :, 0], [0.5, 1.1])
