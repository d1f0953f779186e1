"""A Keras network as a function of its arrays, for JAX to differentiate."""

from __future__ import annotations

import threading
from typing import Any, Literal

import jax
import jax.numpy as jnp

Norm = Literal["batch", "encoder_frozen", "frozen"]

_TRACING = threading.Lock()


class NetworkCall:
    """Calls a `PConvUNet` with arrays in place of its variables.

    `params` are the values of `network.trainable_variables`, `stats` those of its other variables
    (batch norm's running statistics), in Keras's order.

    Args:
        network: built under the precision policy that it shall compute in.
    """

    def __init__(self, network: Any) -> None:
        self.network = network
        self._params = [variable.path for variable in network.trainable_variables]
        self._stats = [variable.path for variable in network.non_trainable_variables]

    def arrays(self) -> tuple[list[Any], list[Any]]:
        """Copies of the variables' values: `params` and `stats`."""
        return (
            [jnp.array(variable.value) for variable in self.network.trainable_variables],
            [jnp.array(variable.value) for variable in self.network.non_trainable_variables],
        )

    def assign(self, params: list[Any], stats: list[Any]) -> None:
        """Write arrays back into the network."""
        for variables, values in (
            (self.network.trainable_variables, params),
            (self.network.non_trainable_variables, stats),
        ):
            for variable, value in zip(variables, jax.device_get(values), strict=True):
                variable.assign(value)

    def __call__(
        self, params: list[Any], stats: list[Any], image: Any, mask: Any, norm: Norm | None
    ) -> tuple[Any, list[Any]]:
        """Predict; `(N, H, W, 3)` float32 and the statistics afterwards.

        Args:
            params: trained arrays.
            stats: running statistics.
            image: `(N, H, W, 3)` float32, 0..1.
            mask: `(N, H, W, 1)` float32, 1 = known.
            norm: how batch norm works: by the batch's statistics, which the running ones follow;
                that but for the encoder, which takes the running ones; or all by the running ones
                (also None, for inference).
        """
        values = dict(zip(self._params + self._stats, params + stats, strict=True))
        # Which variables count as trainable is a state of the network, and stages are traced in
        # threads.
        with _TRACING:
            self.network.freeze_encoder_norm(norm == "encoder_frozen")
            try:
                prediction, after = self.network.stateless_call(
                    [values[v.path] for v in self.network.trainable_variables],
                    [values[v.path] for v in self.network.non_trainable_variables],
                    {"image": image, "mask": mask},
                    training=norm in ("batch", "encoder_frozen"),
                )
                paths = [v.path for v in self.network.non_trainable_variables]
            finally:
                self.network.freeze_encoder_norm(False)
        moved = dict(zip(paths, after, strict=True))
        return prediction, [moved[path] for path in self._stats]

    def learns(self, norm: Norm) -> list[bool]:
        """Which of `params` a stage trains: a frozen encoder norm keeps its scales and shifts."""
        if norm != "encoder_frozen":
            return [True] * len(self._params)
        return [not ("encoder" in path and "_norm/" in path) for path in self._params]
