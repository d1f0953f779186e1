"""Speed of the network's ONNX variants in one interleaved run, as ratios.

    python -m benchmarks.model_speed                      random weights, the contract's network
    python -m benchmarks.model_speed --model x.onnx --int8 x.int8.onnx
    python -m benchmarks.model_speed --model lama_fp32.onnx     any network, beside the bundled one

The peers are the float32 graph and the network as the usual ports build it
(`benchmarks.literal_port`). Bars, at 512x512: int8 is 1.9 times as fast as the float32 graph and 4
times as fast as the literal port. Another project's network has no bars: it runs beside the bundled
float32 one, at the only window size that it takes if there is one. Processor time holds even where
the machine does something else; by the clock, look at the load first.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from benchmarks.contract_network import write_float32, write_int8
from benchmarks.literal_port import literal_onnx
from benchmarks.options import parser_of
from benchmarks.report import Report
from benchmarks.rounds import Times, in_turn, ratio
from benchmarks.sessions import Runnable
from service.engine.coding import Shapes
from service.engine.model_file import identify
from service.settings import BUNDLED_MODEL

FLOAT, INT8, LITERAL = "float32", "int8", "literal port"
PEERS = {True: "the float32 graph", False: "the bundled network"}  # by whether it is ours
BAR_SIZE = 512
BARS = {FLOAT: 1.9, LITERAL: 4.0}


def main() -> None:
    """Measure and write the report."""
    options = _options()
    ours = options.model is None or identify(options.model).ours
    report = Report(
        "model_speed",
        "Speed of the network's variants",
        peer=PEERS[ours],
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
        files = _model_files(options, Path(folder)) if ours else _beside_bundled(options)
        sessions = {name: _session(path, options.threads) for name, path in files.items()}
        for size in _sizes(files, options.sizes):
            networks = {name: Runnable(files[name], sessions[name], size) for name in files}
            times = in_turn({name: one.run for name, one in networks.items()}, options.rounds)
            _fill_in(report, networks, times)
            if ours and size == BAR_SIZE:
                for peer, bar in BARS.items():
                    faster = ratio(times[peer].wall, times[INT8].wall)
                    report.at_least(f"int8 over the {peer} at {size}x{size}", faster, bar)
    report.write(options.out)


def _options() -> argparse.Namespace:
    parser = parser_of("model_speed", __doc__)
    parser.add_argument(
        "--model", type=Path, help="ONNX file of any network (default: ours with random weights)"
    )
    parser.add_argument(
        "--int8", type=Path, help="its 8-bit variant (default: made here, if it is ours)"
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 256])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


def _model_files(options: argparse.Namespace, folder: Path) -> dict[str, Path]:
    """The files of our own network to run, the reference of all ratios first."""
    files = {FLOAT: options.model or folder / "float32.onnx"}
    if options.model is None:
        write_float32(files[FLOAT])
    files[INT8] = options.int8 or folder / "int8.onnx"
    if options.int8 is None:
        write_int8(files[FLOAT], files[INT8])
    files[LITERAL] = folder / "literal.onnx"
    onnx.save(literal_onnx(), files[LITERAL])
    return files


def _beside_bundled(options: argparse.Namespace) -> dict[str, Path]:
    """Another project's network and the bundled one, the reference of all ratios."""
    files = {"bundled": BUNDLED_MODEL, options.model.stem: options.model}
    return files | ({INT8: options.int8} if options.int8 else {})


def _sizes(files: Mapping[str, Path], asked: Sequence[int]) -> Sequence[int]:
    """The window sizes to measure: the only one that one of the networks takes, if there is one."""
    only = {side for path in files.values() if (side := identify(path).codings[0].side)}
    return sorted(only) or asked


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # As the service runs it; spinning threads would also slow their neighbours in this process.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _fill_in(report: Report, networks: Mapping[str, Runnable], times: Mapping[str, Times]) -> None:
    reference = next(iter(times))
    for name, its in times.items():
        path, size = networks[name].path, networks[name].size
        report.add(
            size=size,
            variant=name,
            median_s=its.median_s,
            fastest_s=min(its.wall),
            cpu_s=its.cpu_s,
            ratio=ratio(times[reference].wall, its.wall),
            # The same of processor time: holds even on a busy machine.
            cpu_ratio=ratio(times[reference].cpu, its.cpu),
            literal_ratio=ratio(times[LITERAL].wall, its.wall) if LITERAL in times else None,
            gflop=_gflop(path, networks[name].coding.shapes(1, size)),
            megabytes=path.stat().st_size / 1e6,
        )


def _gflop(path: Path, shapes: Shapes) -> float:
    """Arithmetic of all convolutions, a multiplication and an addition counting as two."""
    model = onnx.load(path)
    for value in model.graph.input:
        dimensions = value.type.tensor_type.shape.dim
        for dimension, length in zip(dimensions, shapes.get(value.name, ()), strict=False):
            dimension.dim_value = length
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    made = {
        v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
        for v in (*inferred.value_info, *inferred.output)
    }
    made |= {tensor.name: list(tensor.dims) for tensor in inferred.initializer}
    convolutions = [node for node in inferred.node if node.op_type == "Conv"]
    return (
        sum(
            2 * np.prod(made[node.output[0]], dtype=float) * np.prod(made[node.input[1]][1:])
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
