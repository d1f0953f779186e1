"""Running methods over the protocol's cases."""

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from training.evaluation.bicubic import interpolate_lattice
from training.evaluation.cases import (
    LATTICE_GROUPS,
    SIDE,
    Case,
    Picture,
    cases_of_photo,
    central_crop,
)
from training.evaluation.distance import Distance
from training.evaluation.figures import Figures, measure
from training.evaluation.models import Predict
from training.peers import Peer
from training.photos import PhotoFolder, read_photo

logger = logging.getLogger(__name__)

MODEL = "model"
BICUBIC = "bicubic"


class Result(NamedTuple):
    """One method's figures on one case."""

    number: int
    photo: str
    group: str
    method: str
    figures: Figures


class Example(NamedTuple):
    """A case kept to be looked at."""

    case: Case
    prediction: Picture
    figures: Figures


@dataclass
class Evaluation:
    """What came of running methods over photos.

    Attributes:
        seed: of the masks.
        results: one for each method and case.
        examples: the model's pictures for the case numbers asked for.
        skipped: names of photos that could not be used, each with the reason.
        photos_sha256: of all pictures' pixels: other digests, other pictures (or decoder).
        masks_sha256: of all masks: other digests, other holes.
        distance: measures LPIPS; None leaves it out.
    """

    seed: int
    results: list[Result] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    photos_sha256: str = ""
    masks_sha256: str = ""
    distance: Distance | None = None

    def add(self, case: Case, method: str, filled: Picture) -> Figures:
        """Measure a method's composited picture and note the figures, which are returned."""
        figures = measure(case, filled, self.distance)
        self.results.append(Result(case.number, case.photo, case.group, method, figures))
        return figures


def evaluate(
    photos: PhotoFolder,
    model: Predict | None,
    peers: Mapping[str, Peer],
    *,
    seed: int = 0,
    limit: int | None = None,
    examples: Collection[int] = (),
    distance: Distance | None = None,
) -> Evaluation:
    """Run the model and its peers over the cases of the first ``limit`` photos.

    Args:
        photos: the photos, sorted.
        model: None measures the peers alone.
        peers: by name; they see the irregular holes. Lattices have a peer of their own.
        seed: of the masks.
        limit: photos at most; all if None.
        distance: measures LPIPS; None leaves it out.
        examples: numbers of cases of which the model's pictures are kept.

    Raises:
        ValueError: no photo was usable.
    """
    evaluation = Evaluation(seed, distance=distance)
    pixels, holes = sha256(), sha256()
    for cases in _cases(photos, seed, limit, evaluation.skipped):
        pixels.update(cases[0].truth.tobytes())
        for case in cases:
            holes.update(np.packbits(case.mask).tobytes())
            _run_peers(case, peers, evaluation)
        if model is not None:
            _run_model(cases, model, evaluation, examples)
    if not evaluation.results:
        raise ValueError(f"no photo was usable: each was broken or smaller than {SIDE}x{SIDE}")
    evaluation.photos_sha256, evaluation.masks_sha256 = pixels.hexdigest(), holes.hexdigest()
    return evaluation


def _cases(
    photos: PhotoFolder, seed: int, limit: int | None, skipped: list[str]
) -> Iterator[list[Case]]:
    # Without a terminal to draw on, no bar.
    for index, path in enumerate(tqdm(photos.paths[:limit], unit="photo", disable=None)):
        photo = read_photo(path)
        truth = None if photo is None else central_crop(photo)
        if truth is None:
            reason = "broken" if photo is None else f"smaller than {SIDE}x{SIDE}"
            logger.warning("skipping %s: %s", path, reason)
            skipped.append(f"{path.name}: {reason}")
            continue
        yield cases_of_photo(index, path.name, truth, seed)


def _run_peers(case: Case, peers: Mapping[str, Peer], evaluation: Evaluation) -> None:
    on_lattice = case.group in LATTICE_GROUPS
    for name, peer in ({BICUBIC: interpolate_lattice} if on_lattice else peers).items():
        evaluation.add(case, name, case.composite(peer(case.image, case.mask)))


def _run_model(
    cases: list[Case], model: Predict, evaluation: Evaluation, examples: Collection[int]
) -> None:
    predictions = model(
        np.stack([case.image for case in cases]), np.stack([case.mask for case in cases])
    )
    for case, prediction in zip(cases, predictions, strict=True):
        figures = evaluation.add(case, MODEL, case.composite(prediction))
        if case.number in examples:
            evaluation.examples.append(Example(case, prediction, figures))
