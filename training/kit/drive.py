"""The training on the borrowed machine. NumPy, JAX, Keras, and OpenCV for the photos."""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from training.features.files import load_vgg16
from training.kit import manifest as kit
from training.kit.arrays import load_network, save_network
from training.kit.arriving import Arrivals, ArrivingStore
from training.kit.deadline import fit_into, read_deadline
from training.kit.names import LOG, RECORD
from training.learning.average import adopt_average
from training.learning.devices import check_batch, named, put
from training.learning.discriminator_file import load_discriminator, save_discriminator
from training.learning.figures import Figures, check_finite, in_decibels
from training.learning.loop import Progress, StageLoop, steps_per_dispatch
from training.learning.network_call import NetworkCall
from training.learning.rivals import fresh_rival
from training.learning.step import State, begin, new_rivals
from training.learning.store import device_memory
from training.learning.terms import vgg16_depth
from training.losses.adversary import random_discriminator
from training.unet import PConvUNet


class Drive:
    """A kit's training.

    Args:
        folder: where the kit's files are, or will be.
        out: where results go.
        until: Unix time at which training must end; None: stages as the recipe says.
    """

    def __init__(self, folder: Path, out: Path, until: float | None) -> None:
        self.folder = folder
        self.out = out
        self.until = until
        self.manifest = kit.read_manifest(folder)
        self.recipe = kit.as_objects(self.manifest.recipe)
        self.begun = time.time()
        self.steps = 0
        self.seconds = 0.0
        out.mkdir(parents=True, exist_ok=True)

    def say(self, text: str) -> None:
        """Tell how it goes, with the seconds since the start."""
        print(f"[{time.time() - self.begun:7.1f}] {text}", flush=True)

    def run(self) -> None:
        """Train all stages; results are written after each.

        Raises:
            DivergedError: the loss or a weight is not finite; results of the stage before are kept.
            ValueError: a stage by steps under a deadline, files of another network, or batches
                that the devices cannot share.
        """
        recipe = self.recipe
        keras.utils.set_random_seed(recipe.seed)
        keras.mixed_precision.set_dtype_policy(recipe.precision)
        network = PConvUNet(**vars(recipe.network))
        call = NetworkCall(network)
        self.say(f"{network.count_params():,} parameters, {named()}")
        with (
            Arrivals(self.folder, self.manifest, self.say) as arrivals,
            ThreadPoolExecutor(1) as compiler,
        ):
            loops = [self._loop(index, call, arrivals) for index in range(len(recipe.stages))]
            # One after the other: compilers time kernels on the device.
            compiled = [
                compiler.submit(self._compile, loop, shapes)
                for loop, shapes in zip(loops, self._state_shapes(call), strict=True)
            ]
            rivals: dict[str, Any] = {}
            if kit.WEIGHTS in self.manifest.files:
                load_network(arrivals.wait_for_file(kit.WEIGHTS), network)
            if kit.DISCRIMINATOR in self.manifest.files:
                rivals["pixels"] = load_discriminator(arrivals.wait_for_file(kit.DISCRIMINATOR))
            fixed = self._fixed(arrivals)
            arrivals.wait_for_photos()
            self.say("all that the first stage needs is here")
            self._train(network, call, loops, compiled, rivals, fixed)
        self._write_record()
        self.say("done")

    def _loop(self, index: int, call: NetworkCall, arrivals: Arrivals) -> StageLoop:
        recipe, stage = self.recipe, self.recipe.stages[index]
        check_batch(stage)
        memory = device_memory()
        budget = None if memory is None else int(memory * recipe.photo_memory)
        masks = jax.ShapeDtypeStruct(
            tuple(self.manifest.masks[self.manifest.banks[index]]), np.uint8
        )
        vgg = {
            name: jax.ShapeDtypeStruct(tuple(shape), np.float32)
            for name, shape in self.manifest.vgg.items()
        }
        return StageLoop(
            stage,
            recipe.augmentation,
            call,
            ArrivingStore(arrivals, stage.crop_size, budget),
            {"masks": masks, "vgg": vgg if vgg16_depth(stage.weights) else {}},
            jax.random.fold_in(jax.random.key(recipe.seed), index),
            jnp.float32 if recipe.precision == "float32" else jnp.bfloat16,
            steps_per_dispatch(stage, recipe.steps_per_dispatch, recipe.steps_per_epoch),
        )

    def _state_shapes(self, call: NetworkCall) -> list[State]:
        """Shapes of each stage's state."""
        arrays, states = call.arrays(), []
        rivals: dict[str, Any] = {}
        if kit.DISCRIMINATOR in self.manifest.files:
            rivals["pixels"] = fresh_rival(*random_discriminator(np.random.default_rng(0)))
        for index, stage in enumerate(self.recipe.stages):
            rivals = new_rivals(stage, rivals, (self.recipe.seed, index))
            state = begin(stage, *arrays, rivals)
            states.append(
                jax.tree.map(lambda value: jax.ShapeDtypeStruct(value.shape, value.dtype), state)
            )
        return states

    def _compile(self, loop: StageLoop, shapes: State) -> None:
        begun = time.time()
        loop.compile(shapes)
        self.say(f"stage '{loop.stage.name}' compiled in {time.time() - begun:.1f} s")

    def _fixed(self, arrivals: Arrivals) -> list[dict[str, Any]]:
        """Masks and VGG16 on the device, by stage."""
        with np.load(arrivals.wait_for_file(kit.MASKS)) as file:
            masks = {name: put(file[name]) for name in file.files}
        vgg: dict[str, Any] = {}
        if self.manifest.vgg:
            read = load_vgg16(arrivals.wait_for_file(kit.VGG))
            vgg = {name: put(value) for name, value in read.items()}
        return [
            {
                "masks": masks[bank],
                "vgg": vgg if vgg16_depth(stage.weights) else {},
            }
            for stage, bank in zip(self.recipe.stages, self.manifest.banks, strict=True)
        ]

    def _train(
        self,
        network: PConvUNet,
        call: NetworkCall,
        loops: Sequence[StageLoop],
        compiled: Sequence[Future[None]],
        rivals: dict[str, Any],
        fixed: Sequence[dict[str, Any]],
    ) -> None:
        params, stats = call.arrays()
        for index, loop in enumerate(loops):
            compiled[index].result()
            deadline = read_deadline(self.folder, self.until)
            seconds = None if deadline is None else deadline - time.time()
            loop.stage = stage = fit_into(self.recipe.stages, index, seconds)
            loop.fixed = fixed[index]
            rivals = new_rivals(stage, rivals, (self.recipe.seed, index))
            state = self._stage(loop, begin(stage, params, stats, rivals))
            params, stats = state["params"], state["stats"]
            rivals = {name: state[name] for name in rivals}
            call.assign(params, stats)
            save_network(self.out / kit.WEIGHTS, network)
            if "pixels" in rivals:
                save_discriminator(self.out / kit.DISCRIMINATOR, rivals["pixels"])
            self.say(f"stage '{stage.name}' saved after {self.steps:,} steps of the run")

    def _stage(self, loop: StageLoop, state: State) -> State:
        stage, epoch = loop.stage, self.recipe.steps_per_epoch
        progress, before = Progress(stage), self.steps
        while not progress.done:
            steps = epoch if stage.steps is None else min(epoch, stage.steps - progress.step)
            first, seconds = progress.step, progress.seconds
            state, figures = loop.run(state, progress, steps, lambda *_: None)
            check_finite(stage, progress.step, figures, state)
            self.steps = before + progress.step
            images = (progress.step - first) * stage.batch_size
            figures["seconds"] = progress.seconds - seconds
            figures["images_per_second"] = images / figures["seconds"]
            self._log(stage, figures)
        self.seconds += progress.seconds
        data = {**loop.store.at(0), **loop.fixed}
        return adopt_average(stage, loop.changes, loop.call, state, loop.key, data)

    def _log(self, stage: Any, figures: Figures) -> None:
        line = {"stage": stage.name, "step": self.steps, **in_decibels(figures)}
        with (self.out / LOG).open("a") as file:
            file.write(json.dumps(line) + "\n")
        shown = {
            name: f"{value:.3g}" for name, value in line.items() if name not in ("stage", "step")
        }
        self.say(f"{stage.name} {self.steps} " + " ".join(f"{k}={v}" for k, v in shown.items()))

    def _write_record(self) -> None:
        """The last file: where it is, all others are whole."""
        record = {
            **self.manifest.record,
            "steps": self.steps,
            "minutes": round(self.seconds / 60, 1),
            "device": named(),
            "machine": platform.machine(),
        }
        (self.out / RECORD).write_text(json.dumps(record, indent=2) + "\n")


def main(folder: Path, arguments: Sequence[str] | None = None) -> None:
    """Run the kit that lies in a folder."""
    parser = argparse.ArgumentParser(
        description="Train with what lies in this folder, or will: photos, masks and weights may "
        "still be on their way."
    )
    parser.add_argument(
        "--until",
        type=float,
        metavar="SECONDS",
        help="end so many seconds from now; the recipe's minutes are shares of that then. A file "
        "`deadline` with a Unix time in the folder overrides it, at any time until the last stage "
        "begins",
    )
    parser.add_argument("--out", type=Path, default=folder / "out", help="where results go")
    args = parser.parse_args(arguments)
    until = None if args.until is None else time.time() + args.until
    Drive(folder, args.out, until).run()
