"""What a hole costs, wherever it lies: inference on a large photo against a small crop of it.

    python -m benchmarks.windows [--rounds 3]

The peer is one hole of 200x200 in 1 megapixel. Bars: the same hole in 12 megapixels takes at most
1.3 times as long, ten such holes at most 10 times. Seconds are processor time of this process,
which other programs disturb least; the cases are measured in turn, and ratios are the medians of
the rounds' ratios. Settings (INPAINT_MODEL, ...) apply as to the server.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.options import parser_of
from benchmarks.photos import square_holes
from benchmarks.report import Report
from benchmarks.rounds import ratio
from service.arrays import Hole, Holes, Images
from service.engine.base import Engine
from service.engine.build import build_engine
from service.engine.run_table import RunTable
from service.inpainting import Plan, fill, plan
from service.settings import Settings

CROP, ONE, TEN = "1 MP, one 200x200", "12 MP, one 200x200", "12 MP, ten 200x200"
BARS = {ONE: 1.3, TEN: 10.0}


@dataclass
class Timed:
    """An engine's `infer` that sums up its seconds, in the batches that the service's lane runs."""

    engine: Engine
    batches: Mapping[int, int]
    seconds: float = 0.0

    def __call__(self, images: Images, holes: Holes) -> Images:
        start = time.process_time()
        step = self.batches[images.shape[1]]
        results = [
            self.engine.infer(images[first : first + step], holes[first : first + step])
            for first in range(0, len(images), step)
        ]
        self.seconds += time.process_time() - start
        return np.concatenate(results)


def cases() -> dict[str, Hole]:
    """The holes that are measured, the first one being what the others are compared with."""
    spread = [(row, column) for row in (300, 2300) for column in range(200, 3800, 720)]
    line = np.zeros((3000, 4000), np.bool_)
    line[1500] = True
    specks = np.zeros((3000, 4000), np.bool_)
    rng = np.random.default_rng(0)
    specks[rng.integers(0, 3000, 1000), rng.integers(0, 4000, 1000)] = True
    return {
        CROP: square_holes(1000, 1000, 200, (400, 400)),
        ONE: square_holes(3000, 4000, 200, (1400, 1900)),
        TEN: square_holes(3000, 4000, 200, *spread),
        "12 MP, one 1200x1200": square_holes(3000, 4000, 1200, (900, 1400)),
        "12 MP, 1 px line across": line,
        "12 MP, 1,000 single pixels": specks,
    }


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor seconds of planning, of inference and of the rest of `fill`."""

    made: Plan
    planning: float
    inference: float
    rest: float


def measure(hole: Hole, engine: Engine, runs: RunTable) -> Cost:
    """Plan and fill one hole in a grey photo, as the service would."""
    image = np.full((*hole.shape, 3), 128, np.uint8)
    start = time.process_time()
    traits = engine.info.traits
    made = plan(hole, engine.info.window_sizes, reach=traits.reach, costs=runs.window_seconds)
    planning = time.process_time() - start
    timed = Timed(engine, runs.batches)
    start = time.process_time()
    fill(image, hole, made, timed, traits=traits)
    return Cost(made, planning, timed.seconds, time.process_time() - start - timed.seconds)


def fill_in(report: Report, costs: dict[str, list[Cost]]) -> None:
    """The rows and the bars."""

    def medians(name: str, part: Callable[[Cost], float]) -> float:
        return median(part(cost) for cost in costs[name])

    first = [cost.inference for cost in costs[CROP]]
    for name, rounds in costs.items():
        times = ratio([cost.inference for cost in rounds], first)
        report.add(
            case=name,
            windows=len(rounds[0].made.windows),
            planning_s=medians(name, lambda cost: cost.planning),
            inference_s=medians(name, lambda cost: cost.inference),
            rest_s=medians(name, lambda cost: cost.rest),
            ratio=times,
        )
        if name in BARS:
            report.at_most(f"{name}, inference over the crop", times, BARS[name])


def main() -> None:
    """Measure and write the report."""
    parser = parser_of("windows", __doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    report = Report(
        "windows",
        "What a hole costs, wherever it lies",
        peer="inference of one hole of 200x200 in 1 megapixel",
        columns={
            "case": "Case",
            "windows": "Windows",
            "planning_s": "Planning, CPU s",
            "inference_s": "Inference, CPU s",
            "rest_s": "Rest, CPU s",
            "ratio": "Times the inference in the crop",
        },
        labels=("case",),
    )
    engine = build_engine(Settings())
    runs = engine.warm_up()
    report.settings = {
        "rounds": options.rounds,
        "precision": engine.info.precision,
        "batches": runs.batches,
    }
    costs: dict[str, list[Cost]] = defaultdict(list)
    for _ in range(options.rounds):
        for name, hole in cases().items():
            costs[name].append(measure(hole, engine, runs))
    engine.close()
    fill_in(report, costs)
    report.write(options.out)


if __name__ == "__main__":
    main()
