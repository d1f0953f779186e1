"""Photos made on the spot."""

import cv2
import numpy as np
import pytest


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
