"""The array types that the rooms of the service hand to each other.

| Name | Shape | Values |
| --- | --- | --- |
| `Image` | (H, W, 3) uint8 | RGB, 0..255 |
| `Grey` | (H, W) uint8 | one channel, such as alpha |
| `Hole` | (H, W) bool | True is hole (to be filled), False is known |
| `Images` | (N, S, S, 3) uint8 | a batch of square windows |
| `Holes` | (N, S, S) bool | the holes of that batch |
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Grey = NDArray[np.uint8]
Hole = NDArray[np.bool_]
Images = NDArray[np.uint8]
Holes = NDArray[np.bool_]

Infer = Callable[[Images, Holes], Images]
"""Windows of ONE size and their holes in, predictions (N, S, S, 3) uint8 out. Blocks until done.

What lies under a hole is ignored, so padding is simply marked as hole. The engine's own `infer` is
one; the server passes a client of its batching lane, which may raise `DeadlinePassed` or
`ClientGone` (let those pass through).
"""
