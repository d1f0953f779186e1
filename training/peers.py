"""Classical methods that a model is measured against.

Each takes a picture (H, W, 3) uint8 RGB and a mask (H, W) uint8, 1 where known, and returns the
filled picture (H, W, 3) uint8. Blank the hole first: OpenCV's methods read some of its pixels (that
moves their PSNR by less than 0.01 dB), and no method under test should see the truth.
"""

from collections.abc import Callable, Sequence
from importlib.util import find_spec

import cv2
import numpy as np
from numpy.typing import NDArray

from training.masks.source import Mask

Picture = NDArray[np.uint8]
Peer = Callable[[Picture, Mask], Picture]

RADIUS = 3
"""Of the neighbourhood of OpenCV's methods, pixels."""
PATCH_RADIUS = 3
"""Of PatchMatch's patches: 7x7 pixels."""


def mean_colour(image: Picture, mask: Mask) -> Picture:
    """Fill with the mean colour of the known pixels."""
    known = mask != 0
    filled = image.copy()
    filled[~known] = np.rint(image[known].mean(axis=0)).astype(np.uint8)
    return filled


def telea(image: Picture, mask: Mask) -> Picture:
    """Fill by fast marching (Telea 2004)."""
    return np.asarray(cv2.inpaint(image, 1 - mask, RADIUS, cv2.INPAINT_TELEA), np.uint8)


def navier_stokes(image: Picture, mask: Mask) -> Picture:
    """Fill by fluid dynamics (Bertalmio et al. 2001)."""
    return np.asarray(cv2.inpaint(image, 1 - mask, RADIUS, cv2.INPAINT_NS), np.uint8)


def patch_match(image: Picture, mask: Mask) -> Picture:
    """Fill with patches from elsewhere in the picture (Barnes et al. 2009), by `pypatchmatch`."""
    import patchmatch

    # Equal inputs give equal results: the library starts every search from the same seed.
    return np.asarray(patchmatch.inpaint(image, 1 - mask, patch_size=PATCH_RADIUS), np.uint8)


PEERS: dict[str, Peer] = {
    "mean colour": mean_colour,
    "Telea": telea,
    "Navier-Stokes": navier_stokes,
    "PatchMatch": patch_match,
}


def installed_peers() -> list[str]:
    """Return the names of the peers that can run here: PatchMatch is optional."""
    has_patch_match = find_spec("patchmatch") is not None
    return [name for name in PEERS if name != "PatchMatch" or has_patch_match]


def choose_peers(names: Sequence[str] | None) -> dict[str, Peer]:
    """Return peers by name, or all that are installed if None.

    Raises:
        ValueError: a name is unknown, or its method is not installed.
    """
    installed = installed_peers()
    chosen = installed if names is None else list(names)
    for name in chosen:
        if name not in PEERS:
            raise ValueError(f"no peer is called {name!r}; there are {', '.join(PEERS)}")
        if name not in installed:
            raise ValueError(f"{name} is not installed; it comes with the extra 'peers'")
    return {name: PEERS[name] for name in chosen}
