"""Whether a variant of a model paints as well as the model itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.evaluation.cases import BUCKET_GROUPS
from training.evaluation.models import Predict, load_model
from training.evaluation.run import MODEL, evaluate
from training.masks import Mask
from training.peers import Peer, Picture
from training.photos import PhotoFolder

_VARIANT = "variant"


@dataclass(frozen=True, slots=True)
class Drop:
    """Mean PSNR of whole composited pictures, in dB.

    Attributes:
        group: Range of hole ratio.
        reference: Of the model.
        variant: Of its variant, on the same cases.
    """

    group: str
    reference: float
    variant: float

    @property
    def decibels(self) -> float:
        """By how much the variant is worse; negative where it is better."""
        return self.reference - self.variant


def measure_drops(
    reference: Path, variant: Path, photos: Path, limit: int | None = None
) -> list[Drop]:
    """Run both over the evaluation protocol's irregular holes.

    Raises:
        FileNotFoundError: a model or the folder is missing.
        ValueError: no photo is usable.
    """
    peers = {_VARIANT: _as_peer(load_model(variant))}
    evaluation = evaluate(PhotoFolder([photos]), load_model(reference), peers, limit=limit)
    values: dict[tuple[str, str], list[float]] = {}
    for result in evaluation.results:
        values.setdefault((result.group, result.method), []).append(result.figures.psnr)
    means = {key: float(np.mean(items)) for key, items in values.items()}
    return [Drop(g, means[g, MODEL], means[g, _VARIANT]) for g in BUCKET_GROUPS]


def _as_peer(predict: Predict) -> Peer:
    def fill(image: Picture, mask: Mask) -> Picture:
        return predict(image[np.newaxis], mask[np.newaxis])[0]

    return fill


def as_table(drops: Sequence[Drop], allowed: float) -> str:
    """The drops as lines of text, with a verdict by the drop allowed in dB."""
    lines = [f"{'hole ratio':<12} {'PSNR':>8} {'variant':>8} {'drop, dB':>9}"]
    for drop in drops:
        verdict = "ok" if drop.decibels <= allowed else "FAILED"
        lines.append(
            f"{drop.group:<12} {drop.reference:>8.3f} {drop.variant:>8.3f} "
            f"{drop.decibels:>9.3f}  {verdict}"
        )
    lines.append(f"Allowed: {allowed} dB.")
    return "\n".join(lines)
