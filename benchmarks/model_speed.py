"""Speed of the network's ONNX variants in one interleaved run, as ratios.

    python -m benchmarks.model_speed                      random weights, the contract's network
    python -m benchmarks.model_speed --model x.onnx --int8 x.int8.onnx

The peers are the float32 graph and the network as the usual ports build it
(`benchmarks.literal_port`). Bars, at 512x512: int8 is 1.9 times as fast as the float32 graph and 4
times as fast as the literal port. Processor time holds even where the machine does something else;
by the clock, look at the load first.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from benchmarks.contract_network import write_float32, write_int8
from benchmarks.literal_port import literal_onnx
from benchmarks.options import parser_of
from benchmarks.report import Report
from benchmarks.rounds import Times, in_turn, ratio
from benchmarks.sessions import feed

FLOAT, INT8, LITERAL = "float32", "int8", "literal port"
BAR_SIZE = 512
BARS = {FLOAT: 1.9, LITERAL: 4.0}


def main() -> None:
    """Measure and write the report."""
    options = _options()
    report = Report(
        "model_speed",
        "Speed of the network's variants",
        peer="the float32 graph",
        columns={
            "size": "Size",
            "variant": "Variant",
            "median_s": "Median, s",
            "fastest_s": "Fastest, s",
            "cpu_s": "CPU, s",
            "ratio": "Times as fast",
            "cpu_ratio": "by CPU",
            "literal_ratio": "Times the literal port",
            "gflop": "GFLOP",
            "megabytes": "MB",
        },
        labels=("size", "variant"),
        settings={
            "rounds": options.rounds,
            "threads": options.threads,
            "weights": "random" if options.model is None else options.model.name,
            "GFLOP/s of a float32 matrix product": round(_matrix_product_gflops(), 1),
        },
    )
    with tempfile.TemporaryDirectory() as folder:
        files = _model_files(options, Path(folder))
        sessions = {name: _session(path, options.threads) for name, path in files.items()}
        for size in options.sizes:
            given = feed(size)
            calls = {name: partial(one.run, None, given) for name, one in sessions.items()}
            times = in_turn(calls, options.rounds)
            _fill_in(report, size, files, times)
            if size == BAR_SIZE:
                for peer, bar in BARS.items():
                    faster = ratio(times[peer].wall, times[INT8].wall)
                    report.at_least(f"int8 over the {peer} at {size}x{size}", faster, bar)
    report.write(options.out)


def _options() -> argparse.Namespace:
    parser = parser_of("model_speed", __doc__)
    parser.add_argument("--model", type=Path, help="float32 ONNX file (default: random weights)")
    parser.add_argument("--int8", type=Path, help="its 8-bit variant (default: made here)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 256])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


def _model_files(options: argparse.Namespace, folder: Path) -> dict[str, Path]:
    """The files to run, the reference of all ratios first."""
    files = {FLOAT: options.model or folder / "float32.onnx"}
    if options.model is None:
        write_float32(files[FLOAT])
    files[INT8] = options.int8 or folder / "int8.onnx"
    if options.int8 is None:
        write_int8(files[FLOAT], files[INT8])
    files[LITERAL] = folder / "literal.onnx"
    onnx.save(literal_onnx(), files[LITERAL])
    return files


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # As the service runs it; spinning threads would also slow their neighbours in this process.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _fill_in(
    report: Report, size: int, files: Mapping[str, Path], times: Mapping[str, Times]
) -> None:
    for name, its in times.items():
        report.add(
            size=size,
            variant=name,
            median_s=its.median_s,
            fastest_s=min(its.wall),
            cpu_s=its.cpu_s,
            ratio=ratio(times[FLOAT].wall, its.wall),
            # The same of processor time: holds even on a busy machine.
            cpu_ratio=ratio(times[FLOAT].cpu, its.cpu),
            literal_ratio=ratio(times[LITERAL].wall, its.wall),
            gflop=_gflop(files[name], size),
            megabytes=files[name].stat().st_size / 1e6,
        )


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


if __name__ == "__main__":
    main()
