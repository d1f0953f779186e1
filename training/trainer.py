"""Runs a recipe: stages of epochs, each ending with validation, a sample sheet and a checkpoint."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from training.masks import MaskSource
from training.objective import InpaintingObjective
from training.optimizer import build_optimizer
from training.output_gradients import output_gradient_norms
from training.photos import PhotoFolder
from training.progress import ProgressBar
from training.recipe import Augmentation, Recipe, Stage
from training.run_folder import RunFolder
from training.run_state import (
    Position,
    load_position,
    restore_network,
    restore_optimizer,
    save_state,
)
from training.sample_sheet import write_sample_sheet
from training.samples import Batches, Samples
from training.sources import photo_weights
from training.unet import PConvUNet
from training.vgg import VGGFeatures

logger = logging.getLogger(__name__)

VALIDATION_BATCHES = 8
NORM_REFRESH_BATCHES = 50


class DivergedError(ValueError):
    """Training has left the numbers."""


@dataclass(frozen=True)
class Data:
    """What a run learns from.

    Attributes:
        photos: training photos.
        masks: where training and validation masks come from.
        validation: photos that are never trained on; None: no validation.
    """

    photos: PhotoFolder
    masks: MaskSource
    validation: PhotoFolder | None = None


class Trainer:
    """Trains a network as a recipe says and keeps the run's folder up to date.

    Args:
        recipe: what to do.
        network: trained in place.
        data: what to learn from.
        folder: where checkpoints, logs and sheets go.
        features: VGG16 features; needed where `recipe.need_features`.
        gradient_norms: log the gradient norm of each term at the output after each epoch.
        workers: threads that prepare batches.
        quiet: no progress bar.

    Raises:
        ValueError: the recipe's sources leave no photo.
    """

    def __init__(
        self,
        recipe: Recipe,
        network: PConvUNet,
        data: Data,
        folder: RunFolder,
        *,
        features: VGGFeatures | None = None,
        gradient_norms: bool = False,
        workers: int = 2,
        quiet: bool = False,
    ) -> None:
        self.recipe = recipe
        self.network = network
        self.data = data
        self.folder = folder
        self.features = features
        self.gradient_norms = gradient_norms
        self.workers = workers
        self.quiet = quiet
        self._weights = photo_weights([path.name for path in data.photos.paths], recipe.sources)

    def run(self, resume: bool = False) -> None:
        """Run the recipe from its start, or from the folder's last checkpoint.

        Raises:
            DivergedError: the loss or a weight is not finite; the last checkpoint is kept.
            ValueError: the checkpoint belongs to another network, or no usable photo is found.
        """
        done = Position(0, 0)
        if resume:
            done = load_position(self.folder.state)
            restore_network(self.folder.state, self.network)
        self.folder.forget_after(self._global_step(done.stage, done.step))
        self._check_photos(done.stage)
        for index, stage in enumerate(self.recipe.stages):
            if index >= done.stage:
                self._run_stage(index, stage, done.step if index == done.stage else 0)
        self.network.save(self.folder.model)
        if self.data.photos.broken:
            logger.warning("Skipped %d broken photos.", len(self.data.photos.broken))

    def _check_photos(self, first_stage: int) -> None:
        """Find out before hours of training that a stage has no photo that is large enough."""
        for index, stage in enumerate(self.recipe.stages):
            if index >= first_stage:
                for source in (None, self.data.validation or self.data.photos):
                    self._samples(index, stage, source).draw(0)

    def _run_stage(self, index: int, stage: Stage, steps_done: int) -> None:
        if steps_done >= stage.steps:
            return
        self.network.freeze_encoder_norm(stage.freeze_encoder_norm)
        objective = InpaintingObjective(self.network, stage.weights, self.features)
        optimizer = build_optimizer(stage)
        # JAX always compiles; TensorFlow's own kernels are the better known there.
        objective.compile(optimizer=optimizer, jit_compile=keras.backend.backend() == "jax")
        optimizer = objective.optimizer  # which loss scaling wraps under mixed float16
        optimizer.build(self.network.trainable_variables)
        if steps_done:
            restore_optimizer(self.folder.state, optimizer)
        while steps_done < stage.steps:
            steps = min(self.recipe.steps_per_epoch, stage.steps - steps_done)
            figures = self._fit(objective, index, stage, steps_done, steps)
            steps_done += steps
            if steps_done == stage.steps:
                self._adopt_average(objective, index, stage)
            self._check_finite(stage, steps_done, figures)
            self._close_epoch(objective, index, stage, steps_done, figures)
            save_state(self.folder.state, self.network, optimizer, Position(index, steps_done))

    def _fit(
        self, objective: InpaintingObjective, index: int, stage: Stage, first: int, steps: int
    ) -> dict[str, float]:
        """Train for one epoch; the mean of every term, the speed, the share of time in steps."""
        batches = self._batches(self._samples(index, stage), stage, first, steps)
        bar = ProgressBar(f"{stage.name} {first + steps}/{stage.steps}", steps, stage.batch_size)
        started = time.perf_counter()
        history = objective.fit(
            iter(batches),
            steps_per_epoch=steps,
            shuffle=False,
            verbose=0,
            callbacks=[] if self.quiet else [bar],
        )
        seconds = time.perf_counter() - started
        figures = {name: values[-1] for name, values in history.history.items()}
        return {
            **figures,
            "images_per_second": steps * stage.batch_size / seconds,
            "step_share": 1 - batches.seconds_waited / seconds,
            "seconds": seconds,
        }

    def _check_finite(self, stage: Stage, step: int, figures: Mapping[str, float]) -> None:
        """Keep a run that has diverged from overwriting its last good checkpoint."""
        values = [figures["loss"], *map(ops.convert_to_numpy, self.network.variables)]
        if not all(np.isfinite(value).all() for value in values):
            raise DivergedError(
                f"Stage '{stage.name}' diverged before step {step}: the loss or a weight is not "
                "finite. Lower its learning rate; the last checkpoint is kept."
            )

    def _close_epoch(
        self,
        objective: InpaintingObjective,
        index: int,
        stage: Stage,
        step: int,
        figures: dict[str, float],
    ) -> None:
        """Validate, draw the sample sheet, log."""
        source = self.data.validation or self.data.photos
        batches = self._batches(self._samples(index, stage, source), stage, 0, VALIDATION_BATCHES)
        if self.data.validation is not None:
            validation = objective.evaluate(
                iter(batches), steps=VALIDATION_BATCHES, verbose=0, return_dict=True
            )
            figures |= {f"val_{name}": float(value) for name, value in validation.items()}
        inputs, truth = batches[0]
        if self.gradient_norms:
            norms = output_gradient_norms(objective, inputs, truth)
            figures |= {f"gradient_norm_{name}": value for name, value in norms.items()}
        prediction = objective.predict_on_batch(inputs)
        write_sample_sheet(self.folder.sheet(stage.name, step), inputs, prediction, truth)
        self.folder.log(stage.name, self._global_step(index, step), _with_psnr(figures))
        self.network.save(self.folder.model)

    def _adopt_average(self, objective: InpaintingObjective, index: int, stage: Stage) -> None:
        """Take over the average of weights, with batch norm statistics that belong to it."""
        if stage.weight_average is None:
            return
        optimizer: Any = objective.optimizer  # which loss scaling wraps under mixed float16
        getattr(optimizer, "inner_optimizer", optimizer).adopt_average(
            self.network.trainable_variables
        )
        for inputs, _ in self._batches(self._samples(index, stage), stage, 0, NORM_REFRESH_BATCHES):
            objective(inputs, training=True)

    def _samples(self, index: int, stage: Stage, photos: PhotoFolder | None = None) -> Samples:
        training = photos is None
        return Samples(
            photos or self.data.photos,
            self.data.masks,
            stage.crop_size,
            self.recipe.augmentation if training else Augmentation(flip=False),
            stage.lattice_share if training else 0.0,
            # Validation sees the same crops after every epoch and in every run.
            seed=(self.recipe.seed, index) if training else (0,),
            weights=self._weights if training else None,
            block_share=stage.block_share if training else 0.0,
        )

    def _batches(self, samples: Samples, stage: Stage, first: int, steps: int) -> Batches:
        return Batches(samples, stage.batch_size, steps, first, self.workers)

    def _global_step(self, index: int, step: int) -> int:
        return sum(stage.steps for stage in self.recipe.stages[:index]) + step


def _with_psnr(figures: Mapping[str, float]) -> dict[str, float]:
    """Replace mean squared errors of the hole (0..1) by decibels."""
    return {
        name.replace("hole_mse", "hole_psnr"): (
            -10 * float(np.log10(max(value, 1e-10))) if name.endswith("hole_mse") else float(value)
        )
        for name, value in figures.items()
    }
