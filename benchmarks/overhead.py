"""What a request costs beside inference, against bare decoding and encoding of the same files.

    python -m benchmarks.overhead [--megapixels 1] [--rounds 15]

The bare time is Pillow decoding the photo and the mask into arrays and the service's own encoder
writing the photo, whichever library that is by now. The service's time is that of `Pipeline.run`,
whose engine runs in another thread. Both are processor time of their own thread, which other
programs disturb least, and are measured in turn. The bar is 1.3 for 1 megapixel with a small hole.
"""

import io
import time
from statistics import median

import numpy as np
from PIL import Image

from benchmarks.files import file_of
from benchmarks.options import parser_of
from benchmarks.photos import GRAIN, square_holes
from benchmarks.pipelines import Run, encoding_of, pipeline_of, work_of
from benchmarks.report import Report
from benchmarks.rounds import ratio
from service.engine.dummy import IdentityEngine
from service.imaging.decoding import Photo
from service.imaging.encoding import Encoding, encode
from service.settings import Settings

SIZES = (128, 256, 384, 512)
HOLE_SIDE = 60
BAR = 1.3


def files(megapixels: float) -> tuple[bytes, bytes]:
    """A photo-like PNG and a mask with one small hole."""
    side = round((megapixels * 1e6) ** 0.5)
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 256, (24, 24, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), np.float32)
    photo = np.clip(smooth + random.normal(0, GRAIN, smooth.shape), 0, 255).astype(np.uint8)
    hole = square_holes(side, side, HOLE_SIDE, (side // 2, side // 2))
    return file_of(photo, "PNG"), file_of(hole, "PNG")


def bare(photo: bytes, mask: bytes, encoding: Encoding) -> float:
    """Seconds for decoding both files and encoding the photo, with nothing in between."""
    start = time.thread_time()
    samples = np.array(Image.open(io.BytesIO(photo)))
    np.array(Image.open(io.BytesIO(mask)))
    encode(Photo(samples, None, None), "png", encoding)
    return time.thread_time() - start


def served(run: Run, photo: bytes, mask: bytes) -> tuple[float, dict[str, float]]:
    """Seconds of a request outside the engine, and the clock's seconds by step."""
    work = work_of(photo, mask)
    start = time.thread_time()
    run(work)
    return time.thread_time() - start, work.timings.seconds


def main() -> None:
    """Measure and write the report."""
    parser = parser_of("overhead", __doc__)
    parser.add_argument("--megapixels", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    report = Report(
        "overhead",
        f"What a request costs beside inference: a PNG of {options.megapixels:g} MP",
        peer="bare decoding and encoding of the same files",
        columns={"part": "Part", "ms": "ms", "of": "Of", "ratio": "Over the bare time"},
        labels=("part",),
        settings={"rounds": options.rounds},
    )
    photo, mask = files(options.megapixels)
    settings = Settings()
    encoding = encoding_of(settings)
    with pipeline_of(IdentityEngine(SIZES), settings) as run:
        served(run, photo, mask), bare(photo, mask, encoding)  # the first of each warms caches
        rounds = [
            (bare(photo, mask, encoding), *served(run, photo, mask)) for _ in range(options.rounds)
        ]
    bare_s = median(seconds for seconds, _, _ in rounds)
    served_s = median(seconds for _, seconds, _ in rounds)
    overhead = ratio([seconds for _, seconds, _ in rounds], [seconds for seconds, _, _ in rounds])
    report.add(part="bare", ms=bare_s * 1e3, of="thread", ratio=1.0)
    report.add(part="served", ms=served_s * 1e3, of="thread", ratio=overhead)
    for step in rounds[0][2]:
        seconds = median(steps[step] for _, _, steps in rounds)
        report.add(part=step, ms=seconds * 1e3, of="clock", ratio=seconds / bare_s)
    report.at_most("served over bare", overhead, BAR)
    report.write(options.out)


if __name__ == "__main__":
    main()
