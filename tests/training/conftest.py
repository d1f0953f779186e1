"""Photos made on the spot, and what trains at toy size."""

import cv2
import jax
import keras
import numpy as np
import pytest

from tests.training.toys import narrow_vgg

# Programs of toy size take longer to optimise than to run.
jax.config.update("jax_disable_most_optimizations", True)

# A process has one backend, and these are about Keras on JAX: test_jax.py runs them.
collect_ignore = [] if keras.backend.backend() == "jax" else ["on_jax"]


def make_photo(seed, height=80, width=96):
    """A smooth random picture with an edge, (H, W, 3) RGB."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (5, 6, 3)).astype(np.uint8)
    photo = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    photo[:, : width // 3] //= 2
    return photo


def make_folder(folder):
    """Six photos in nested folders, one broken file, one empty file and one that is no photo."""
    for seed in range(6):
        path = folder / f"class{seed % 2}" / f"photo{seed}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), cv2.cvtColor(make_photo(seed), cv2.COLOR_RGB2BGR))
    (folder / "class0" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and then nothing")
    (folder / "class0" / "empty.png").write_bytes(b"")
    (folder / "notes.txt").write_text("not a photo")
    return folder


@pytest.fixture
def photo_folder(tmp_path):
    return make_folder(tmp_path / "photos")


@pytest.fixture(scope="session")
def vgg():
    """VGG16 with four features a layer."""
    return narrow_vgg()
