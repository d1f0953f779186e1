"""ONNX Runtime's options on the CPU: the service's, each with one of them changed.

    python -m benchmarks.session_options [--rounds 9] [--sizes 256 512] [--batches 1 2 4]

Every set of options runs in a process of its own beside one with the service's own options, and
both run a window batch in turn. Ratios are the medians of the rounds' ratios, so below 1 is faster
than the service. Memory is what the process has grown by since before the session was opened, after
all sizes and batches. Settings (INPAINT_MODEL, ...) apply. Linux only (/proc).
"""

import time
from multiprocessing.connection import Connection
from statistics import median
from typing import Any

import onnxruntime

from benchmarks.options import parser_of
from benchmarks.processes import MEBIBYTE, conversing, memory
from benchmarks.report import Report
from benchmarks.rounds import Times, ratio
from benchmarks.sessions import feed, precision_of, service_session

REST_S = 0.02  # between two runs, so that threads that spin have gone to sleep
ERROR = 3  # of ONNX Runtime's severities
Options = onnxruntime.SessionOptions
Level = onnxruntime.GraphOptimizationLevel


def _attribute(name: str, value: object) -> Any:
    return lambda options: setattr(options, name, value)


def _entry(name: str, value: str) -> Any:
    return lambda options: options.add_session_config_entry(name, value)


def _parallel(options: Options) -> None:
    options.execution_mode = onnxruntime.ExecutionMode.ORT_PARALLEL
    options.inter_op_num_threads = 2  # of one, nothing is parallel


CHANGES: dict[str, Any] = {
    "1 thread": _attribute("intra_op_num_threads", 1),
    "2 threads": _attribute("intra_op_num_threads", 2),
    "spinning": _entry("session.intra_op.allow_spinning", "1"),
    "no spinning": _entry("session.intra_op.allow_spinning", "0"),
    "no arena": _attribute("enable_cpu_mem_arena", False),
    "no memory pattern": _attribute("enable_mem_pattern", False),
    "no prepacking": _entry("session.disable_prepacking", "1"),
    "parallel execution": _parallel,
    "optimisation off": _attribute("graph_optimization_level", Level.ORT_DISABLE_ALL),
    "optimisation basic": _attribute("graph_optimization_level", Level.ORT_ENABLE_BASIC),
    "optimisation extended": _attribute("graph_optimization_level", Level.ORT_ENABLE_EXTENDED),
    "optimisation all": _attribute("graph_optimization_level", Level.ORT_ENABLE_ALL),
    "denormals as zero": _entry("session.set_denormal_as_zero", "1"),
}
SERVICE = "as the service"


def work(orders: Connection, change: str | None) -> None:
    """Open a session; answer each (size, batch) with (wall, CPU) seconds, None with the growth."""
    onnxruntime.set_default_logger_severity(ERROR)  # warns where an entry is set a second time
    before = memory("VmRSS")
    session = service_session(CHANGES[change]) if change else service_session()
    orders.send(precision_of(session))
    while order := orders.recv():
        times = Times()
        given = feed(*order)
        times.time(lambda given=given: session.run(None, given))
        orders.send((times.wall[0], times.cpu[0]))
    orders.send(memory("VmRSS") - before)


def ask(orders: Connection, order: tuple[int, int] | None) -> Any:
    """Give an order and wait for its answer."""
    orders.send(order)
    return orders.recv()


def compare(report: Report, change: str | None, cases: list[tuple[int, int]], rounds: int) -> None:
    """Run one set of options beside the service's and add its rows."""
    with conversing(work, change) as changed, conversing(work, None) as service:
        changed.recv()
        report.settings["precision"] = service.recv()
        sides = {"changed": changed, "service": service}
        rows = []
        for case in cases:
            seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
            for _ in range(rounds + 1):
                for name, orders in sides.items():
                    seconds[name].append(ask(orders, case))
                    time.sleep(REST_S)
            # The first round of a shape allocates.
            wall, cpu = (
                {name: [both[part] for both in its[1:]] for name, its in seconds.items()}
                for part in (0, 1)
            )
            rows.append((case, wall, cpu))
        grown, usual = (ask(orders, None) for orders in sides.values())
    for (size, batch), wall, cpu in rows:
        report.add(
            options=change or SERVICE,
            size=size,
            batch=batch,
            seconds=median(wall["changed"]),
            cpu_s=median(cpu["changed"]),
            ratio=ratio(wall["changed"], wall["service"]),
            cpu_ratio=ratio(cpu["changed"], cpu["service"]),
            grown_mib=grown / MEBIBYTE,
            grown_ratio=grown / usual,
        )


def main() -> None:
    """Measure and write the report."""
    parser = parser_of("session_options", __doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--changes", nargs="+", choices=CHANGES, default=list(CHANGES))
    options = parser.parse_args()
    report = Report(
        "session_options",
        "ONNX Runtime's options on the CPU",
        peer="the service's options, in a second process",
        columns={
            "options": "Options",
            "size": "Size",
            "batch": "Batch",
            "seconds": "Seconds",
            "cpu_s": "CPU, s",
            "ratio": "Times the service's seconds",
            "cpu_ratio": "Times its CPU",
            "grown_mib": "Grown, MiB",
            "grown_ratio": "Times its growth",
        },
        labels=("options", "size", "batch"),
        settings={"rounds": options.rounds},
    )
    cases = [(size, batch) for size in options.sizes for batch in options.batches]
    for change in (None, *options.changes):  # the first shows how far equal options differ
        print(change or SERVICE, flush=True)
        compare(report, change, cases, options.rounds)
    report.write(options.out)


if __name__ == "__main__":
    main()
