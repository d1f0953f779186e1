"""Runs a recipe: stages of epochs, each ending with validation, a sample sheet and a checkpoint."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from training.drawing.holes import pack
from training.learning import devices
from training.learning.average import adopt_average
from training.learning.discriminator_file import save_discriminator
from training.learning.examine import Examiner
from training.learning.figures import Figures, check_finite, in_decibels
from training.learning.loop import Progress, StageLoop, steps_per_dispatch
from training.learning.network_call import NetworkCall
from training.learning.rivals import Rival
from training.learning.state_file import Position, load_position, load_state, save_state
from training.learning.step import State, begin, new_rivals
from training.learning.store import Photos, PhotoStore, common_budget, device_memory
from training.masks import MaskSource, draw_bank
from training.progress import ProgressBar
from training.recipe import Recipe, Stage
from training.run_folder import RunFolder
from training.sample_sheet import write_sample_sheet
from training.unet import PConvUNet

logger = logging.getLogger(__name__)

VALIDATION_BATCHES = 8


@dataclass(frozen=True)
class Data:
    """What a run learns from.

    Attributes:
        photos: training photos.
        masks: where training and validation masks come from.
        validation: photos that are never trained on; None: no validation.
        vgg: VGG16's arrays; needed where `recipe.need_features`.
        discriminator: that stages with an adversary start from; None: random weights.
    """

    photos: Photos
    masks: MaskSource
    validation: Photos | None = None
    vgg: Mapping[str, NDArray[Any]] | None = None
    discriminator: Rival | None = None


class Trainer:
    """Trains a network as a recipe says and keeps the run's folder up to date.

    Args:
        recipe: what to do.
        network: trained in place; Keras runs on JAX.
        data: what to learn from.
        folder: where checkpoints, logs and sheets go.
        gradient_norms: log the gradient norm of each term at the output after each epoch.
        quiet: no progress bar.
        host_bytes: that photos may take where the device is the CPU; None: any number.

    Raises:
        ValueError: a stage finds no photo that is large enough, lacks VGG16's weights, or has
            batches that the devices cannot share.
    """

    def __init__(
        self,
        recipe: Recipe,
        network: PConvUNet,
        data: Data,
        folder: RunFolder,
        *,
        gradient_norms: bool = False,
        quiet: bool = False,
        host_bytes: int | None = None,
    ) -> None:
        if recipe.need_features and data.vgg is None:
            raise ValueError("The recipe's feature terms need VGG16's weights.")
        for stage in recipe.stages:
            devices.check_batch(stage)
            for photos in filter(None, (data.photos, data.validation)):
                photos.for_crops(stage.crop_size)
        self.recipe = recipe
        self.network = network
        self.data = data
        self.folder = folder
        self.gradient_norms = gradient_norms
        self.quiet = quiet
        self.call = NetworkCall(network)
        self.dtype = jnp.float32 if recipe.precision == "float32" else jnp.bfloat16
        memory = device_memory()
        self._budget = common_budget(
            host_bytes if memory is None else int(memory * recipe.photo_memory)
        )
        for photos in filter(None, (data.photos, data.validation)):
            photos.check_shared()
        self._vgg = devices.put(dict(data.vgg or {}))

    def run(self, resume: bool = False) -> int:
        """Run the recipe from its start, or from the folder's last checkpoint; all steps done.

        Raises:
            DivergedError: the loss or a weight is not finite; the last checkpoint is kept.
            ValueError: the checkpoint belongs to another network.
        """
        position = load_position(self.folder.state) if resume else Position()
        if devices.writes():
            self.folder.forget_after(position.before + position.step)
        params, stats = self.call.arrays()
        rivals = {} if self.data.discriminator is None else {"pixels": self.data.discriminator}
        for index, stage in enumerate(self.recipe.stages):
            rivals = new_rivals(stage, rivals, (self.recipe.seed, index))
            if index < position.stage:
                continue
            state = begin(stage, params, stats, rivals)
            if index == position.stage and (position.step or position.over):
                state = load_state(self.folder.state, state)
            if not position.over:
                state, position = self._run_stage(stage, state, position)
            params, stats = state["params"], state["stats"]
            rivals = {name: state[name] for name in rivals}
            position = Position(index + 1, before=position.before + position.step)
        self._save_model(params, stats)
        if "pixels" in rivals and devices.writes():
            save_discriminator(self.folder.discriminator, rivals["pixels"])
        return position.before

    def _run_stage(self, stage: Stage, state: State, position: Position) -> tuple[State, Position]:
        epoch = self.recipe.steps_per_epoch
        fixed = {
            "masks": self._bank(stage),
            "vgg": self._vgg if stage.weights.need_features else {},
        }
        store = PhotoStore(self.data.photos.for_crops(stage.crop_size), self._budget)
        loop = StageLoop(
            stage,
            self.recipe.augmentation,
            self.call,
            store,
            fixed,
            self._key(position.stage),
            self.dtype,
            steps_per_dispatch(stage, self.recipe.steps_per_dispatch, epoch),
        )
        examiner = Examiner(stage, self.call, self.dtype)
        progress = Progress(stage, position.step, position.seconds)
        bar = ProgressBar(progress, self.quiet)
        try:
            while not position.over:
                steps = epoch - progress.step % epoch
                if stage.steps is not None:
                    steps = min(steps, stage.steps - progress.step)
                first, seconds = progress.step, progress.seconds
                state, figures = loop.run(state, progress, steps, bar)
                figures["seconds"] = progress.seconds - seconds
                images = (progress.step - first) * stage.batch_size
                figures["images_per_second"] = images / figures["seconds"]
                over = progress.done
                if over:
                    data = {**store.at(0), **fixed}
                    changes, key = self.recipe.augmentation, self._key(position.stage)
                    state = adopt_average(stage, changes, self.call, state, key, data)
                position = dataclasses.replace(
                    position, step=progress.step, seconds=progress.seconds, over=over
                )
                check_finite(stage, position.step, figures, state)
                self._close_epoch(stage, examiner, position, state, figures, fixed)
                if devices.writes():
                    save_state(self.folder.state, state, position)
        finally:
            bar.close()
        return state, position

    def _close_epoch(
        self,
        stage: Stage,
        examiner: Examiner,
        position: Position,
        state: State,
        figures: Figures,
        fixed: dict[str, Any],
    ) -> None:
        """Validate, draw the sample sheet, log."""
        source = self.data.validation or self.data.photos
        data = {**PhotoStore(source.for_crops(stage.crop_size), self._budget).at(0), **fixed}
        # The same crops after every epoch and in every run.
        arrays, key = (state["params"], state["stats"]), devices.put(jax.random.key(0))
        batches = VALIDATION_BATCHES if self.data.validation else 1
        seen = [
            examiner.samples(*arrays, jax.random.fold_in(key, number), data)
            for number in range(batches)
        ]
        if self.data.validation is not None:
            means = {
                name: float(np.mean([batch[-1][name] for batch in seen])) for name in seen[0][-1]
            }
            figures |= {f"val_{name}": value for name, value in means.items()}
        if self.gradient_norms:
            norms = examiner.norms(*arrays, jax.random.fold_in(key, 0), data)
            figures |= {f"gradient_norm_{name}": float(value) for name, value in norms.items()}
        if not devices.writes():
            return
        truth, image, mask, prediction, _ = seen[0]
        sheet = self.folder.sheet(stage.name, position.step)
        write_sample_sheet(sheet, image, mask, prediction, truth)
        self.folder.log(stage.name, position.before + position.step, in_decibels(figures))
        self._save_model(*arrays)

    def _save_model(self, params: list[Any], stats: list[Any]) -> None:
        if devices.writes():
            self.call.assign(params, stats)
            self.network.save(self.folder.model)

    def _key(self, index: int) -> Any:
        return devices.put(jax.random.fold_in(jax.random.key(self.recipe.seed), index))

    def _bank(self, stage: Stage) -> Any:
        bank = draw_bank(
            self.data.masks,
            stage.crop_size,
            self.recipe.mask_bank,
            block_share=stage.block_share,
            seed=self.recipe.seed,
            quiet=self.quiet,
        )
        return devices.put(pack(bank))
