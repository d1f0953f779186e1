"""Make the README's picture: photos with holes beside what a running service makes of them."""

from pathlib import Path

import cv2
import httpx
import numpy as np

SERVER = "http://127.0.0.1:8000"
HERE = Path(__file__).parent
PHOTOS = ("otter", "osprey")
GAP = 6


def main() -> None:
    """Ask the service for each photo and write `example.jpg`."""
    rows = [row(HERE / "photos" / name) for name in PHOTOS]
    gap = np.full((GAP, rows[0].shape[1], 3), 255, np.uint8)
    picture = np.concatenate([part for each in rows for part in (each, gap)][:-1])
    cv2.imwrite(str(HERE / "example.jpg"), picture)


def row(stem: Path) -> np.ndarray:
    """The photo with its hole in white, and filled."""
    photo, mask = stem.with_suffix(".jpg"), stem.with_name(f"{stem.name}-mask.png")
    files = {"image": photo.read_bytes(), "mask": mask.read_bytes()}
    answer = httpx.post(f"{SERVER}/inpaint", files=files, timeout=130)
    answer.raise_for_status()
    filled = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    seen = cv2.imread(str(photo))
    seen[cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE) > 127] = 255
    return np.concatenate([seen, np.full((seen.shape[0], GAP, 3), 255, np.uint8), filled], axis=1)


if __name__ == "__main__":
    main()
