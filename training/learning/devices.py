"""The accelerators that share every batch, of this process and of those that it works with.

Each holds the weights, the photos and the masks as a whole, and draws and learns from its part of
a batch. A draw depends on its place in the batch and not on the device that makes it, and the
compiler sums gradients and statistics over all parts: a step is the same one on any number of
devices, but for the order of the sums.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

BATCH = "batch"


def initialize(coordinator: str, processes: int, process: int) -> None:
    """Join the other processes of a run; before anything else is asked of JAX.

    Args:
        coordinator: host and port at which process 0 waits for the others.
        processes: how many there are.
        process: which one this is, from 0.
    """
    jax.distributed.initialize(coordinator, processes, process)


def writes() -> bool:
    """Whether this is the process that writes files: one of them, if there are several."""
    return bool(jax.process_index() == 0)


@cache
def mesh() -> Mesh:
    """All devices, in a row."""
    return Mesh(np.array(jax.devices()), (BATCH,))


def named() -> str:
    """The devices in words: what they are, and how many if there are several."""
    count, kind = jax.device_count(), jax.devices()[0].device_kind
    return str(kind) if count == 1 else f"{count} x {kind}"


def everywhere() -> NamedSharding:
    """The placement of what every device holds as a whole."""
    return NamedSharding(mesh(), PartitionSpec())


def put(tree: Any) -> Any:
    """Arrays as a whole on every device; each process must give the same."""
    return jax.tree.map(_put, tree)


def _put(value: Any) -> Any:
    if jax.process_count() == 1:
        return jax.device_put(value, everywhere())
    if isinstance(value, jax.Array):
        if value.sharding == everywhere():
            return value
        if jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key):
            return jax.random.wrap_key_data(_put(jax.random.key_data(value)))
    # What `device_put` would do, but for comparing gigabytes of photos between all processes.
    host = np.asarray(value)
    return jax.make_array_from_callback(host.shape, everywhere(), lambda index: host[index])


def told_by_all(number: int) -> list[int]:
    """What each process says, by process; `number` is below 2**31. All of them must ask."""
    if jax.process_count() == 1:
        return [number]
    from jax.experimental import multihost_utils

    told = multihost_utils.process_allgather(np.int32(number))
    return [int(each) for each in np.ravel(told)]


def split(value: Any) -> Any:
    """Inside a compiled function: an array `(N, ...)`, a part of it on each device."""
    return jax.lax.with_sharding_constraint(value, NamedSharding(mesh(), PartitionSpec(BATCH)))


def check_batch(stage: Any) -> None:
    """Check that the devices get equal parts of a stage's batches.

    Raises:
        ValueError: they do not; says what would do.
    """
    count = jax.device_count()
    if stage.batch_size % count:
        near = -(-stage.batch_size // count) * count
        raise ValueError(
            f"Stage '{stage.name}': a batch of {stage.batch_size} cannot be shared equally by "
            f"{count} devices. Give the stage another batch_size in the recipe, such as {near}, "
            "or the run fewer devices (CUDA_VISIBLE_DEVICES)."
        )
