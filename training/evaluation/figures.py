"""What is measured on one filled picture, and the means over many."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from training.evaluation.cases import Case, Picture
from training.evaluation.distance import Distance
from training.metrics import gradient, l1_percent, psnr, ssim


@dataclass(frozen=True)
class Figures:
    """The figures of one filled picture.

    Attributes:
        psnr: whole picture, dB.
        ssim: whole picture.
        l1: whole picture, percent of full scale.
        hole_psnr: inside the hole, dB.
        gradient: mean gradient magnitude inside the hole, levels per pixel.
        truth_gradient: the same of the truth.
        lpips: whole picture; None where its weights are missing.
    """

    psnr: float
    ssim: float
    l1: float
    hole_psnr: float
    gradient: float
    truth_gradient: float
    lpips: float | None = None


@dataclass(frozen=True)
class Means:
    """Means over the pictures of one method and one group.

    Attributes:
        psnr: dB, whole picture.
        ssim: whole picture.
        l1: percent of full scale, whole picture.
        hole_psnr: dB, inside the hole.
        sharpness: mean gradient magnitude inside the holes over the truth's. The quotient of the
            means: that of a single picture says nothing where the truth is flat.
        pictures: how many.
        lpips: whole picture, lower is better; None where it was not measured.
    """

    psnr: float
    ssim: float
    l1: float
    hole_psnr: float
    sharpness: float
    pictures: int
    lpips: float | None = None

    def as_dict(self) -> dict[str, float]:
        """Return the means by name, rounded to what they are good for."""
        return {name: round(value, 4) for name, value in asdict(self).items() if value is not None}


def measure(case: Case, filled: Picture, distance: Distance | None = None) -> Figures:
    """Measure a filled (composited) picture against the case's truth; LPIPS if it can be."""
    return Figures(
        psnr=psnr(filled, case.truth),
        ssim=ssim(filled, case.truth),
        l1=l1_percent(filled, case.truth),
        hole_psnr=psnr(filled, case.truth, case.hole),
        gradient=gradient(filled, case.hole),
        truth_gradient=gradient(case.truth, case.hole),
        lpips=None if distance is None else distance(filled, case.truth),
    )


def mean_of(figures: Sequence[Figures]) -> Means:
    """Average over pictures.

    Raises:
        ValueError: there are none.
    """
    if not figures:
        raise ValueError("there is nothing to average")
    truth_gradient = np.mean([item.truth_gradient for item in figures])
    return Means(
        psnr=float(np.mean([item.psnr for item in figures])),
        ssim=float(np.mean([item.ssim for item in figures])),
        l1=float(np.mean([item.l1 for item in figures])),
        hole_psnr=float(np.mean([item.hole_psnr for item in figures])),
        # Without any detail to reproduce, detail is neither missing nor too much.
        sharpness=float(np.mean([item.gradient for item in figures]) / truth_gradient)
        if truth_gradient
        else 1.0,
        pictures=len(figures),
        lpips=_mean_distance(figures),
    )


def _mean_distance(figures: Sequence[Figures]) -> float | None:
    distances = [item.lpips for item in figures if item.lpips is not None]
    return float(np.mean(distances)) if distances else None
