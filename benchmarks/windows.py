"""What a hole costs, wherever it lies: inference on a large photo against a small crop of it.

    python -m benchmarks.windows [--rounds 3]

Bars: a hole of 200x200 in 12 megapixels takes at most 1.3 times what it takes in a crop of 1
megapixel, ten such holes at most 10 times that. Settings (INPAINT_MODEL, ...) apply as to the
server. Seconds are processor time of this process, which other programs disturb least; the cases
are measured in turn and the least of the rounds counts.
"""

import argparse
import time
from dataclasses import dataclass

import numpy as np

from service.arrays import Hole, Holes, Image, Images
from service.engine.base import Engine
from service.engine.build import build_engine
from service.inpainting import Plan, fill, plan
from service.settings import Settings


@dataclass
class Timed:
    """An engine's `infer` that sums up its seconds."""

    engine: Engine
    seconds: float = 0.0

    def __call__(self, images: Images, holes: Holes) -> Images:
        start = time.process_time()
        result = self.engine.infer(images, holes)
        self.seconds += time.process_time() - start
        return result


def with_holes(height: int, width: int, *corners: tuple[int, int], side: int = 200) -> Hole:
    """Square holes with the given top left corners."""
    hole = np.zeros((height, width), np.bool_)
    for row, column in corners:
        hole[row : row + side, column : column + side] = True
    return hole


def cases() -> dict[str, Hole]:
    """The holes that are measured, the first one being what the others are compared with."""
    spread = [(row, column) for row in (300, 2300) for column in range(200, 3800, 720)]
    line = np.zeros((3000, 4000), np.bool_)
    line[1500] = True
    specks = np.zeros((3000, 4000), np.bool_)
    rng = np.random.default_rng(0)
    specks[rng.integers(0, 3000, 1000), rng.integers(0, 4000, 1000)] = True
    return {
        "1 MP, one 200x200": with_holes(1000, 1000, (400, 400)),
        "12 MP, one 200x200": with_holes(3000, 4000, (1400, 1900)),
        "12 MP, ten 200x200": with_holes(3000, 4000, *spread),
        "12 MP, one 1200x1200": with_holes(3000, 4000, (900, 1400), side=1200),
        "12 MP, 1 px line across": line,
        "12 MP, 1,000 single pixels": specks,
    }


def measure(image: Image, hole: Hole, engine: Engine, made: Plan) -> tuple[float, float]:
    """Seconds of inference and of everything in `fill`."""
    timed = Timed(engine)
    start = time.process_time()
    fill(image, hole, made, timed)
    return timed.seconds, time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    engine = build_engine(Settings())
    costs = engine.warm_up().window_seconds
    print(f"engine {engine.info.name}, {engine.info.provider}; seconds per window {costs}")
    inference: dict[str, float] = {}
    rows: dict[str, str] = {}
    for _ in range(options.rounds):
        for name, hole in cases().items():
            image = np.full((*hole.shape, 3), 128, np.uint8)
            start = time.process_time()
            made = plan(hole, engine.info.window_sizes, costs=costs)
            planning = time.process_time() - start
            seconds, total = measure(image, hole, engine, made)
            if seconds < inference.get(name, np.inf):
                inference[name] = seconds
                rows[name] = (
                    f"{len(made.windows):4d} windows  planned {planning:6.3f} s  estimated "
                    f"{made.cost:6.2f} s  inference {seconds:6.2f} s  rest {total - seconds:5.2f} s"
                )
    first = next(iter(inference.values()))
    for name, row in rows.items():
        print(f"{name:28s} {row}  {inference[name] / first:5.2f} times")
    engine.close()


if __name__ == "__main__":
    main()
