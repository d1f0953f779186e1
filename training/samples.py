"""Training samples: crops with masks, each a pure function of the seed and its number.

Because a batch depends on nothing but its number, a resumed run sees what an uninterrupted one
would have seen, and workers need no common state.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray

from training.lattice import lattice_sample
from training.masks import MaskSource
from training.masks.blocks import draw_block
from training.photos import PhotoFolder
from training.recipe import Augmentation

TRIES = 1000
BATCHES_AHEAD = 2

Batch = tuple[dict[str, NDArray[np.uint8]], NDArray[np.uint8]]


@dataclass(frozen=True)
class Sample:
    """One training case.

    Attributes:
        image: `(S, S, 3)` uint8, what the network sees; equals `truth` where known, except on
            lattices, whose known values are only close to it.
        mask: `(S, S, 1)` uint8, 1 = known.
        truth: `(S, S, 3)` uint8.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    truth: NDArray[np.uint8]


class Samples:
    """Draws samples by number.

    Args:
        photos: where crops come from; photos that are too small are passed over.
        masks: where masks come from.
        crop_size: side of the samples in pixels.
        augmentation: random changes of the photo.
        lattice_share: share of samples whose hole is a lattice of known pixels.
        block_share: share of samples whose hole is one large block instead of one of `masks`.
        seed: integers; different seeds give different samples, one seed always the same.
        weights: chance of each photo, relative to the others; None: all alike.
    """

    def __init__(
        self,
        photos: PhotoFolder,
        masks: MaskSource,
        crop_size: int,
        augmentation: Augmentation,
        lattice_share: float = 0.0,
        seed: Sequence[int] = (0,),
        weights: NDArray[np.float64] | None = None,
        block_share: float = 0.0,
    ) -> None:
        self.photos = photos
        self.masks = masks
        self.crop_size = crop_size
        self.augmentation = augmentation
        self.lattice_share = lattice_share
        self.block_share = block_share
        self.seed = seed
        shares = np.ones(len(photos)) if weights is None else weights
        self._cumulative = np.cumsum(shares)

    def draw(self, number: int) -> Sample:
        """Sample `number`.

        Raises:
            ValueError: no usable photo could be found.
        """
        rng = np.random.default_rng((*self.seed, number))
        truth = self._augment(self._crop(rng), rng)
        block = self.block_share > 0 and rng.random() < self.block_share
        mask = (draw_block if block else self.masks)(rng, self.crop_size, self.crop_size)
        image = truth
        if self.lattice_share and rng.random() < self.lattice_share:
            image, mask = lattice_sample(truth, mask, rng)
        return Sample(image, mask[..., None], truth)

    def _crop(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        for _ in range(TRIES):
            ticket = rng.random() * self._cumulative[-1]
            photo = self.photos.read(int(np.searchsorted(self._cumulative, ticket, side="right")))
            if photo is not None and min(photo.shape[:2]) >= self.crop_size:
                return random_crop(photo, self.crop_size, self.augmentation.min_scale, rng)
        raise ValueError(
            f"No readable photo with sides of at least {self.crop_size} pixels was found in "
            f"{TRIES} draws among {len(self.photos)} files ({len(self.photos.broken)} broken)."
        )

    def _augment(self, crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        settings = self.augmentation
        if settings.flip and rng.random() < 0.5:
            crop = crop[:, ::-1]
        crop = np.ascontiguousarray(crop)
        if settings.brightness or settings.tint:
            gain = 1 + rng.uniform(-settings.brightness, settings.brightness)
            gains = gain * (1 + rng.uniform(-settings.tint, settings.tint, 3))
            table = np.clip(np.arange(256)[:, None] * gains, 0, 255).round().astype(np.uint8)
            crop = np.asarray(cv2.LUT(crop, table[None]), np.uint8)
        return crop


def random_crop(
    photo: NDArray[np.uint8], size: int, min_scale: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """A square of `size` pixels from a photo scaled down by a random factor, never scaled up.

    Args:
        photo: `(H, W, 3)` with sides of at least `size`.
        size: side of the result in pixels.
        min_scale: smallest factor; the factor also keeps the crop within the photo.
        rng: source of randomness.
    """
    height, width = photo.shape[:2]
    scale = rng.uniform(max(min_scale, size / min(height, width)), 1)
    side = min(round(size / scale), height, width)
    top = int(rng.integers(height - side + 1))
    left = int(rng.integers(width - side + 1))
    crop = photo[top : top + side, left : left + side]
    if side == size:
        return crop
    # Averaging over areas: nothing aliases.
    return cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


class Batches:
    """The batches of a part of a stage, in order, prepared ahead by threads.

    Keras's own queue (`PyDataset` with workers) was tried and left: it may swap or repeat batches
    where one epoch follows another, and no run could be repeated.

    A batch is `({"image": (N, S, S, 3), "mask": (N, S, S, 1)}, truth (N, S, S, 3))`, all uint8.

    Args:
        samples: where samples come from.
        batch_size: samples a batch.
        steps: how many batches there are.
        first_step: number of the first one, counted over the whole stage.
        workers: threads that prepare batches.

    Attributes:
        seconds_waited: for how long iterating had to wait for batches.
    """

    def __init__(
        self, samples: Samples, batch_size: int, steps: int, first_step: int = 0, workers: int = 2
    ) -> None:
        self.samples = samples
        self.batch_size = batch_size
        self.steps = steps
        self.first_step = first_step
        self.workers = workers
        self.seconds_waited = 0.0

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, index: int) -> Batch:
        first = (self.first_step + index) * self.batch_size
        batch = [self.samples.draw(first + item) for item in range(self.batch_size)]
        inputs = {
            "image": np.stack([sample.image for sample in batch]),
            "mask": np.stack([sample.mask for sample in batch]),
        }
        return inputs, np.stack([sample.truth for sample in batch])

    def __iter__(self) -> Iterator[Batch]:
        with ThreadPoolExecutor(self.workers) as pool:
            ahead: deque[Future[Batch]] = deque()
            for index in range(self.steps):
                ahead.append(pool.submit(self.__getitem__, index))
                if len(ahead) > BATCHES_AHEAD * self.workers:
                    yield self._wait_for(ahead.popleft())
            while ahead:
                yield self._wait_for(ahead.popleft())

    def _wait_for(self, batch: Future[Batch]) -> Batch:
        started = perf_counter()
        result = batch.result()
        self.seconds_waited += perf_counter() - started
        return result
