"""Whether an exported file computes what the Keras network computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from export.cases import Case, parity_cases, with_other_holes
from training.unet import PConvUNet

FULL_SCALE = 255.0


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a file may be from the network.

    Attributes:
        before: Before rounding, as a share of full scale.
        after: After rounding, in levels of 0..255.
    """

    before: float
    after: int


SAME_WEIGHTS = Tolerance(before=1e-3, after=1)
ROUNDED_WEIGHTS = Tolerance(before=1e-2, after=3)
"""For weights stored in half precision, which changes the network itself."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How far file and network are apart on one case.

    Attributes:
        case: Name of the mask.
        size: Batch, width and height.
        reach: Largest prediction before clipping, in full scales; 1 where it is less.
        before: Largest difference before rounding, as a share of full scale.
        after: Largest difference after rounding, in levels.
        hole_ignored: Whether other content under the hole left every output bit as it was.
    """

    case: str
    size: str
    reach: float
    before: float
    after: int
    hole_ignored: bool

    def holds(self, tolerance: Tolerance) -> bool:
        """Whether the file may be used. NaN compares as false, so that a broken file fails.

        Where hardly anything is known, the ratios of all levels multiply and predictions leave the
        range by orders of magnitude; float32 is then as much less exact, in Keras too.
        """
        within = (
            self.before <= tolerance.before * self.reach
            and self.after <= tolerance.after * self.reach
        )
        return within and self.hole_ignored


def compare(model: onnx.ModelProto, network: PConvUNet) -> list[Parity]:
    """Run both on several sizes and masks."""
    session = _session(_with_unrounded_output(model))
    return [_compare_case(session, network, case) for case in parity_cases(network.stride)]


def _compare_case(session: onnxruntime.InferenceSession, network: PConvUNet, case: Case) -> Parity:
    unrounded, prediction = _run(session, case)
    unclipped = keras_prediction(network, case)
    expected = np.clip(unclipped, 0, FULL_SCALE)
    difference = prediction.astype(np.int16) - np.round(expected).astype(np.int16)
    return Parity(
        case=case.name,
        size=case.size,
        reach=max(1.0, float(np.abs(unclipped).max()) / FULL_SCALE),
        before=float(np.abs(unrounded - expected).max()) / FULL_SCALE,
        after=int(np.abs(difference).max()),
        hole_ignored=np.array_equal(prediction, _run(session, with_other_holes(case))[1]),
    )


def keras_prediction(network: PConvUNet, case: Case) -> NDArray[np.float32]:
    """What the network paints, on a scale of 0..255 but neither clipped nor rounded."""
    image = case.image.astype(np.float32) / np.float32(FULL_SCALE)
    known = (case.mask == 0).astype(np.float32)
    prediction = network({"image": image, "mask": known}, training=False)
    return np.asarray(prediction, np.float32) * np.float32(FULL_SCALE)


def _with_unrounded_output(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph that also answers what goes into its last rounding."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    (rounding,) = (node for node in copy.graph.node if node.op_type == "Round")
    unrounded = onnx.helper.make_tensor_value_info(
        rounding.input[0], onnx.TensorProto.FLOAT, ["N", 3, "H", "W"]
    )
    copy.graph.output.insert(0, unrounded)
    return copy


def _session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def _run(
    session: onnxruntime.InferenceSession, case: Case
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    unrounded, prediction = session.run(None, {"image": case.image, "mask": case.mask})
    return unrounded.transpose(0, 2, 3, 1), prediction


def as_table(results: Sequence[Parity], tolerance: Tolerance) -> str:
    """The results as lines of text."""
    lines = [
        f"{'mask':<16} {'pictures':>12} {'reach':>8} {'before rounding':>16} {'after':>6}"
        f" {'hole':>8}"
    ]
    for result in results:
        hole = "ignored" if result.hole_ignored else "LEAKS"
        lines.append(
            f"{result.case:<16} {result.size:>12} {result.reach:>8.1f} {result.before:>16.1e} "
            f"{result.after:>6} {hole:>8}  {'ok' if result.holds(tolerance) else 'FAILED'}"
        )
    lines.append(
        f"Allowed: {tolerance.before:g} of full scale before rounding, "
        f"{tolerance.after} of 255 levels after; times the reach of the network's predictions."
    )
    return "\n".join(lines)
