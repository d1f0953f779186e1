"""Speed of the network's ONNX variants in one interleaved run, as ratios.

    python benchmarks/model_speed.py                      random weights, the contract's network
    python benchmarks/model_speed.py --model x.onnx --int8 x.int8.onnx

Writes model_speed.json and model_speed.md. Times taken while the machine does anything else are
noise: look at `load` in the JSON first.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import onnx
import onnxruntime

from export.backend import require_tensorflow

require_tensorflow()

RESULTS = Path(__file__).parent / "results"
FLOAT, INT8, LITERAL = "float32", "int8", "literal port"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write."""
    arguments = _parser().parse_args(argv)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        files = _model_files(arguments, Path(folder))
        sessions = {name: _session(path, arguments.threads) for name, path in files.items()}
        sizes = {
            str(size): _measure(sessions, files, size, arguments.rounds) for size in arguments.sizes
        }
    record = {
        "processor": _processor(),
        "threads": arguments.threads,
        "load": round(load, 2),
        "onnxruntime": onnxruntime.__version__,
        "matrix_product_gflops": round(_matrix_product_gflops(), 1),
        "rounds": arguments.rounds,
        "weights": "random" if arguments.model is None else arguments.model.name,
        "sizes": sizes,
    }
    table = _as_table(record)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "model_speed.json").write_text(json.dumps(record, indent=2) + "\n")
    (arguments.out / "model_speed.md").write_text(table + "\n")
    print(table)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", type=Path, help="float32 ONNX file (default: random weights)")
    parser.add_argument("--int8", type=Path, help="its 8-bit variant (default: made here)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 256])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    return parser


def _model_files(arguments: argparse.Namespace, folder: Path) -> dict[str, Path]:
    """The files to run, the reference of all ratios first."""
    from literal_port import literal_onnx

    from export.convert import to_onnx
    from export.fold import fold_network
    from export.quantise import to_int8
    from training.unet import PConvUNet

    files = {FLOAT: arguments.model or folder / "float32.onnx"}
    if arguments.model is None:
        onnx.save(to_onnx(fold_network(PConvUNet())), files[FLOAT])
    files[INT8] = arguments.int8 or folder / "int8.onnx"
    if arguments.int8 is None:
        onnx.save(to_int8(onnx.load(files[FLOAT]), _RandomInputs()), files[INT8])
    files[LITERAL] = folder / "literal.onnx"
    onnx.save(literal_onnx(), files[LITERAL])
    return files


class _RandomInputs:
    """Calibration inputs for speed alone."""

    def __init__(self) -> None:
        self._rest = iter([_inputs(256)])

    def get_next(self) -> Any:
        return next(self._rest, None)


def _inputs(size: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    mask = np.zeros((1, size, size, 1), np.uint8)
    mask[:, size // 4 : size // 2, size // 4 : size // 2] = 255
    return {"image": rng.integers(0, 256, (1, size, size, 3), dtype=np.uint8), "mask": mask}


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # As the service runs it; spinning threads would also slow their neighbours in this process.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _measure(
    sessions: Mapping[str, onnxruntime.InferenceSession],
    files: Mapping[str, Path],
    size: int,
    rounds: int,
) -> dict[str, Any]:
    feed = _inputs(size)
    wall: dict[str, list[float]] = {name: [] for name in sessions}
    cpu: dict[str, list[float]] = {name: [] for name in sessions}
    for name in sessions:
        sessions[name].run(None, feed)
    for _ in range(rounds):
        for name, session in sessions.items():
            start, start_cpu = time.perf_counter(), time.process_time()
            session.run(None, feed)
            wall[name].append(time.perf_counter() - start)
            cpu[name].append(time.process_time() - start_cpu)
    return {
        name: {
            "median_s": round(float(np.median(wall[name])), 4),
            "fastest_s": round(min(wall[name]), 4),
            "cpu_s": round(float(np.median(cpu[name])), 4),
            # Of neighbours in time, so that a slow minute counts for both or neither.
            "times_as_fast_as_float32": round(
                float(np.median(np.array(wall[FLOAT]) / np.array(wall[name]))), 2
            ),
            # The same of processor time: holds even on a busy machine.
            "cpu_times_as_fast": round(
                float(np.median(np.array(cpu[FLOAT]) / np.array(cpu[name]))), 2
            ),
            "gflop": round(_gflop(files[name], size), 1),
            "megabytes": round(files[name].stat().st_size / 1e6, 1),
        }
        for name in sessions
    }


def _gflop(path: Path, size: int) -> float:
    """Arithmetic of all convolutions, a multiplication and an addition counting as two."""
    model = onnx.load(path)
    for value in model.graph.input:
        for dimension, length in zip(
            value.type.tensor_type.shape.dim, (1, size, size), strict=False
        ):
            dimension.dim_value = length
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {
        v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
        for v in (*inferred.value_info, *inferred.output)
    }
    shapes |= {tensor.name: list(tensor.dims) for tensor in inferred.initializer}
    convolutions = [node for node in inferred.node if node.op_type == "Conv"]
    return (
        sum(
            2 * np.prod(shapes[node.output[0]], dtype=float) * np.prod(shapes[node.input[1]][1:])
            for node in convolutions
        )
        / 1e9
    )


def _matrix_product_gflops(side: int = 2048, rounds: int = 5) -> float:
    """What NumPy reaches on all cores: the machine's own measure of float32 arithmetic."""
    a = np.ones((side, side), np.float32)
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        a @ a
        seconds.append(time.perf_counter() - start)
    return float(2 * side**3 / min(seconds) / 1e9)


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} threads" if names else platform.processor()


def _as_table(record: Mapping[str, Any]) -> str:
    lines = [
        f"{record['processor']}; ONNX Runtime {record['onnxruntime']} on {record['threads']} "
        f"threads; load before the run {record['load']}; {record['weights']} weights; a float32 "
        f"matrix product reaches {record['matrix_product_gflops']} GFLOP/s.",
        "",
        "| Size | Variant | Median, s | Fastest | CPU | Times as fast | by CPU | GFLOP | MB |",
        "|" + " --- |" * 9,
    ]
    for size, variants in record["sizes"].items():
        for name, row in variants.items():
            lines.append(
                f"| {size} | {name} | {row['median_s']} | {row['fastest_s']} | {row['cpu_s']} | "
                f"{row['times_as_fast_as_float32']} | "
                f"{row['cpu_times_as_fast']} | {row['gflop']} | {row['megabytes']} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
