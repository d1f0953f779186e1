"""One training step, everything drawn inside it, and several of them as one program, in JAX.

State of a stage, a dictionary of arrays: `params` and `stats` of the network, Adam's `moments`,
`step` (steps done in the stage, float32), `average` of the params where the stage asks for one, and
the discriminators `pixels` and `heads` where there are any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from training.drawing.crops import draw_crops
from training.drawing.holes import draw_masks
from training.drawing.lattices import lay_lattices
from training.features.vgg16 import vgg16_features
from training.learning import adam, devices
from training.learning.rivals import Rival, add_pull, feature_rival, fresh_rival, pixel_rival
from training.learning.terms import vgg16_depth, weighted_terms
from training.losses.adversary import random_discriminator
from training.losses.feature_heads import random_heads
from training.losses.pixels import hole_error

State = dict[str, Any]
Data = dict[str, Any]
"""On the device: `photos`, `sizes`, `cumulative` (`training.drawing.crops`), `masks`
(`training.drawing.holes`) and `vgg` (empty where no term needs it)."""


def new_rivals(stage: Any, rivals: Mapping[str, Rival], seed: Sequence[int]) -> dict[str, Rival]:
    """Rivals by name, with random ones for what a stage needs and `rivals` lacks.

    Args:
        stage: `training.recipe.Stage`.
        rivals: what there is already.
        seed: of the random weights.
    """
    new = dict(rivals)
    if stage.weights.adversary and "pixels" not in new:
        new["pixels"] = fresh_rival(*random_discriminator(np.random.default_rng([*seed, 1])))
    if stage.weights.heads and "heads" not in new:
        new["heads"] = fresh_rival(*random_heads(np.random.default_rng([*seed, 2])))
    return new


def begin(
    stage: Any, params: list[Any], stats: list[Any], rivals: Mapping[str, Rival] | None = None
) -> State:
    """The state at the beginning of a stage: all moments are 0.

    Args:
        stage: `training.recipe.Stage`.
        params: trained arrays of the network, used up by the first step.
        stats: its running statistics, used up too.
        rivals: from `new_rivals`, used up too; those that the stage does not need wait in it.
    """
    state: State = {
        "params": params,
        "stats": stats,
        "moments": adam.fresh(params),
        "step": jnp.zeros((), jnp.float32),
    }
    if stage.weight_average is not None:
        state["average"] = [jnp.array(value) for value in params]
    for name, rival in (rivals or {}).items():
        state[name] = fresh_rival(rival["layers"], rival["vectors"])
    return state


def build_program(stage: Any, changes: Any, call: Any, dtype: Any) -> Any:
    """The function of a stage that is to be compiled: `run(state, key, steps, data)`.

    `steps` holds arrays of one value a step: `number` (int32, over the stage; draws depend on it
    and on the key alone), `rate` and `ramp` (`training.learning.schedule`). It returns the state
    and the figures of the steps by name, each an array of one value a step.

    Args:
        stage: `training.recipe.Stage`.
        changes: `training.recipe.Augmentation`.
        call: `training.learning.network_call.NetworkCall`, or what can be called like it.
        dtype: in which VGG16 and discriminators compute.
    """

    def run(state: State, key: Any, steps: dict[str, Any], data: Data) -> tuple[State, Any]:
        def one(state: State, inputs: dict[str, Any]) -> tuple[State, Any]:
            return _step(stage, changes, call, dtype, state, key, inputs, data)

        if len(steps["number"]) > 1:
            return lax.scan(one, state, steps)
        # Without a loop around it: what a CPU gets, whose convolutions are slower inside one.
        state, figures = one(state, {name: value[0] for name, value in steps.items()})
        return state, jax.tree.map(lambda value: value[None], figures)

    return run


def draw(stage: Any, changes: Any, key: Any, data: Data, lattice_share: float) -> tuple[Any, ...]:
    """Draw a batch, a part on each device: truth, image `(N, S, S, 3)`, mask `(N, S, S, 1)`."""
    keys = jax.random.split(key, 3)
    photos = data["photos"], data["sizes"], data["cumulative"]
    truth = draw_crops(keys[0], *photos, stage.batch_size, stage.crop_size, changes)
    mask = draw_masks(keys[1], data["masks"], stage.batch_size)
    truth, mask = devices.split(truth), devices.split(mask)
    if lattice_share:
        image, mask = lay_lattices(keys[2], truth, mask, lattice_share)
        return truth, devices.split(image), devices.split(mask)
    return truth, truth, mask


def _step(
    stage: Any, changes: Any, call: Any, dtype: Any, state: State, key: Any, inputs: Any, data: Data
) -> tuple[State, Any]:
    key = jax.random.fold_in(key, inputs["number"])
    truth, image, mask = draw(stage, changes, key, data, stage.lattice_share)
    step = state["step"] + 1
    depth = vgg16_depth(stage.weights)
    of_truth = vgg16_features(data["vgg"], truth, depth=depth, dtype=dtype) if depth else []

    def predict(params: Any) -> Any:
        return call(params, state["stats"], image, mask, stage.norm)

    prediction, backward, stats = jax.vjp(predict, state["params"], has_aux=True)

    def loss(prediction: Any) -> Any:
        terms = weighted_terms(stage.weights, data["vgg"], prediction, truth, mask, of_truth, dtype)
        return sum(terms.values()), terms

    (total, figures), gradient = jax.value_and_grad(loss, has_aux=True)(prediction)
    new = {**state, "step": step, "stats": stats}
    figures = {"loss": total, "hole_mse": hole_error(prediction, truth, mask), **figures}
    gradient, new, more = _meet_rivals(
        stage, dtype, state, new, gradient, (prediction, truth, mask), of_truth, inputs, data
    )
    (grads,) = backward(gradient)
    size = jnp.sqrt(sum(jnp.sum(jnp.square(grad)) for grad in grads))
    if stage.clip_norm is not None:
        grads = [grad * jnp.minimum(1.0, stage.clip_norm / (size + 1e-9)) for grad in grads]
    if stage.norm == "encoder_frozen":
        learns = call.learns(stage.norm)
        grads = [
            grad if free else jnp.zeros_like(grad) for grad, free in zip(grads, learns, strict=True)
        ]
    new["params"], new["moments"] = adam.update(
        state["params"], grads, state["moments"], step, inputs["rate"], tuple(stage.betas)
    )
    if stage.weight_average is not None:
        # A plain mean at first, so that the start is forgotten.
        pace = jnp.maximum(1 - stage.weight_average, 1 / (step + 1))
        pairs = zip(state["average"], new["params"], strict=True)
        new["average"] = [mean + (value - mean) * pace for mean, value in pairs]
    return new, {**figures, **more, "gradient_norm": size}


def _meet_rivals(
    stage: Any,
    dtype: Any,
    state: State,
    new: State,
    gradient: Any,
    pictures: tuple[Any, Any, Any],
    of_truth: list[Any],
    inputs: Any,
    data: Data,
) -> tuple[Any, State, dict[str, Any]]:
    """Let discriminators pull at the gradient and learn; their shares are of the terms' norm."""
    figures: dict[str, Any] = {}
    whole = gradient
    weights, step = stage.weights, new["step"]
    if weights.adversary:
        rate = stage.discriminator_rate
        pull, new["pixels"], seen = pixel_rival(state["pixels"], *pictures, step, rate, dtype)
        whole = add_pull(whole, pull, weights.adversary * inputs["ramp"])
        figures |= seen
    if weights.heads:
        pull, new["heads"], seen = feature_rival(
            state["heads"], data["vgg"], *pictures, of_truth, step, stage.heads_rate, dtype
        )
        scaled = add_pull(gradient, pull, weights.heads * inputs["ramp"])
        whole = whole + scaled - gradient
        figures |= seen
    return whole, new, figures
