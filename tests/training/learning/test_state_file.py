"""Checkpoints and discriminators on disk."""

import jax
import numpy as np
import pytest

from training.learning.discriminator_file import load_discriminator, save_discriminator
from training.learning.rivals import fresh_rival
from training.learning.state_file import Position, load_position, load_state, save_state
from training.losses import adversary

STATE = {
    "params": [np.float32([1, 2]), np.float32([[3]])],
    "pixels": {"layers": [{"w": np.float32([4]), "b": np.float32([5])}], "vectors": []},
    "step": np.float32(7),
}
POSITION = Position(stage=1, step=20, seconds=1.5, before=8, over=True)


@pytest.fixture
def thin(monkeypatch):
    """A discriminator of a few features."""
    shapes = [(4, 3, 2), (3, 3, 2), (3, 4, 2), (4, 4, 1), (4, 1, 1)]
    monkeypatch.setattr(adversary, "SHAPES", shapes)
    return fresh_rival(*adversary.random_discriminator(np.random.default_rng(3)))


def test_state_and_position_come_back(tmp_path):
    path = tmp_path / "state.npz"
    save_state(path, STATE, POSITION)
    assert load_position(path) == POSITION
    like = jax.tree.map(np.zeros_like, STATE)
    back = load_state(path, like)
    assert jax.tree.structure(back) == jax.tree.structure(STATE)
    for one, other in zip(jax.tree.leaves(back), jax.tree.leaves(STATE), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_checkpoint_is_replaced_at_once_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "state.npz"
    save_state(path, STATE, POSITION)

    def full_disk(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_state(path, STATE, Position())
    assert load_position(path) == POSITION


def test_the_state_of_another_network_is_refused(tmp_path):
    path = tmp_path / "state.npz"
    save_state(path, STATE, POSITION)
    with pytest.raises(ValueError, match=r"differs in params/2"):
        load_state(path, {**STATE, "params": [*STATE["params"], np.float32(0)]})
    with pytest.raises(ValueError, match=r"differs in params/0"):
        load_state(path, {**STATE, "params": [np.float32([1, 2, 3]), STATE["params"][1]]})


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", "half"])
def test_discriminators_come_back_with_vectors_that_know_their_norms(tmp_path, thin, suffix):
    path = tmp_path / "discriminator.npz"
    save_discriminator(path, thin)
    if suffix != ".npz":
        from safetensors.numpy import save_file

        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        if suffix == "half":
            np.savez(path, **{name: value.astype(np.float16) for name, value in arrays.items()})
        else:
            path = path.with_suffix(suffix)
            save_file(arrays, path)
    rival = load_discriminator(path)
    for layer, wanted, vector in zip(
        rival["layers"], thin["layers"], rival["vectors"], strict=True
    ):
        np.testing.assert_allclose(layer["w"], wanted["w"], rtol=1e-3, atol=1e-4)
        kernel = np.asarray(layer["w"])
        kernel = kernel.reshape(-1, kernel.shape[-1])
        largest = np.linalg.svd(kernel)[1][0]
        assert np.linalg.norm(kernel @ np.asarray(vector)) == pytest.approx(largest, rel=1e-2)
    assert not any(np.any(moment) for moment in jax.tree.leaves(rival["moments"]))


def test_what_is_no_discriminator_is_refused(tmp_path, thin):
    with pytest.raises(FileNotFoundError, match="No discriminator at"):
        load_discriminator(tmp_path / "missing.npz")
    np.savez(tmp_path / "other.npz", w0=np.zeros((4, 4, 4, 9)))
    with pytest.raises(ValueError, match=r"w0 is \(4, 4, 4, 9\)"):
        load_discriminator(tmp_path / "other.npz")
    np.savez(tmp_path / "empty.npz", x=1)
    with pytest.raises(ValueError, match="holds no discriminator"):
        load_discriminator(tmp_path / "empty.npz")
