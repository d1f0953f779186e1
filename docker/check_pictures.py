"""Draw a photo and a mask, and compare the service's answer with them; run inside the container.

usage: check_pictures.py draw|compare DIRECTORY
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 427, 641


def draw(directory: Path) -> None:
    """Write photo.png (a gradient with grain) and mask.png (two white holes on black)."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    colours = [columns * 200 // WIDTH, rows * 200 // HEIGHT, (rows + columns) * 200 // 1100]
    grain = np.random.default_rng(0).integers(0, 40, (HEIGHT, WIDTH, 1))
    photo = (np.stack(colours, axis=-1) + grain).astype(np.uint8)
    Image.fromarray(photo).save(directory / "photo.png")
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[50:120, 60:200] = 255
    mask[300:420, 400:640] = 255
    Image.fromarray(mask).save(directory / "mask.png")


def compare(directory: Path) -> None:
    """Exit with a message unless known pixels are the photo's and holes are filled sensibly."""
    photo, mask, answer = (
        np.asarray(Image.open(directory / f"{name}.png")) for name in ("photo", "mask", "answer")
    )
    hole = mask > 127
    if answer.shape != photo.shape:
        sys.exit(f"the answer's shape is {answer.shape}, the photo's {photo.shape}")
    if not np.array_equal(answer[~hole], photo[~hole]):
        sys.exit("known pixels changed")
    if np.array_equal(answer[hole], photo[hole]):
        sys.exit("the hole holds what it held before")
    error = np.abs(answer[hole].astype(int) - photo[hole]).mean()
    plain = np.abs(photo[~hole].mean(axis=0) - photo[hole]).mean()
    print(f"filled {hole.sum()} pixels, mean error {error:.1f} of 255 (mean colour: {plain:.1f})")
    if error >= plain:
        sys.exit("the mean colour of the known pixels would have been better")


if __name__ == "__main__":
    {"draw": draw, "compare": compare}[sys.argv[1]](Path(sys.argv[2]))
