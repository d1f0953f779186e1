"""What a network can and cannot do, as far as windows are planned and filled by it.

An engine says it of its model (`EngineInfo`), from the properties of the model's file. The defaults
are for files that do not say.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Traits:
    """Traits of one network.

    Attributes:
        stride: Sides of windows are multiples of this many pixels.
        reach: Depth in pixels to which it fills a hole well from the surroundings alone; deeper
            holes are filled at a coarser scale first. Compared with `Components.depths`, bounds
            that are up to 11 pixels too large.
        lattice: Pixels from one known point to the next of the lattices that it completes, even;
            0: it completes none, and sees a coarser fill as plain known pixels.
        thinnest_hole: Width in pixels of the thinnest holes that it knows; thinner ones are shown
            as wide as that.
        predicts_known: Whether it predicts known pixels too. Its error on them then tells how far
            a step at a hole's rim can be its own.
        pixel_bytes: Memory in bytes that a run takes for each pixel of its windows.
    """

    stride: int = 1
    reach: int = 64
    lattice: int = 4
    thinnest_hole: int = 1
    predicts_known: bool = True
    pixel_bytes: int = 400
