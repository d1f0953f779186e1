"""What a request costs beside inference, against bare decoding and encoding of the same files.

    python -m benchmarks.overhead [--megapixels 1] [--rounds 15]

The bare time is Pillow decoding the photo and the mask into arrays and encoding the photo with the
service's own settings. The service's time is that of `Pipeline.run`, whose engine runs in another
thread. Both are processor time of their own thread, which other programs disturb least, and are
measured in turn. The bar is 1.3 for 1 megapixel with a small hole.
"""

import argparse
import io
import statistics
import time

import numpy as np
from PIL import Image

from service.engine.dummy import IdentityEngine
from service.imaging.encoding import Encoding
from service.pipeline import Pipeline, Work
from service.queueing.backlog import Backlog, CostTable
from service.queueing.lane import Lane
from service.ticket import Ticket

SIZES = (256, 512)


def files(megapixels: float) -> tuple[bytes, bytes]:
    """A photo-like PNG and a mask with a hole of 60 x 60 pixels."""
    side = round((megapixels * 1e6) ** 0.5)
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 256, (24, 24, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), np.float32)
    photo = np.clip(smooth + random.normal(0, 3, smooth.shape), 0, 255).astype(np.uint8)
    mask = np.zeros((side, side), np.uint8)
    mask[side // 2 :, side // 2 :][:60, :60] = 255
    return _png(photo), _png(mask)


def _png(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(samples).save(file, "PNG", compress_level=Encoding().png_compression)
    return file.getvalue()


def bare(photo: bytes, mask: bytes) -> float:
    """Seconds for decoding both files and encoding the photo, with nothing in between."""
    start = time.thread_time()
    samples = np.array(Image.open(io.BytesIO(photo)))
    np.array(Image.open(io.BytesIO(mask)))
    _png(samples)
    return time.thread_time() - start


def served(pipeline: Pipeline, photo: bytes, mask: bytes) -> tuple[float, dict[str, float]]:
    """Seconds of a request outside the engine, and the clock's seconds by step."""
    work = Work(
        image=io.BytesIO(photo),
        mask=io.BytesIO(mask),
        invert_mask=False,
        dilate=0,
        output="png",
        ticket=Ticket(600),
    )
    start = time.thread_time()
    pipeline.run(work)
    return time.thread_time() - start, work.timings.seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__)
    parser.add_argument("--megapixels", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    photo, mask = files(options.megapixels)
    engine = IdentityEngine(SIZES)
    costs = CostTable()
    costs.update(engine.warm_up().window_seconds)
    lane = Lane(engine, max_batch=1, wait_s=0)
    lane.start()
    pipeline = Pipeline(lane, SIZES, costs, Backlog(), 10**9, Encoding())
    served(pipeline, photo, mask), bare(photo, mask)  # the first of each warms caches
    rounds = [(bare(photo, mask), served(pipeline, photo, mask)) for _ in range(options.rounds)]
    lane.close()
    bare_s = statistics.median(seconds for seconds, _ in rounds)
    served_s = statistics.median(seconds for _, (seconds, _) in rounds)
    for step in rounds[0][1][1]:
        by_clock = statistics.median(steps[step] for _, (_, steps) in rounds)
        print(f"{step:>12} {by_clock * 1e3:8.2f} ms by the clock")
    print(f"bare {bare_s * 1e3:.1f} ms, served {served_s * 1e3:.1f} ms: {served_s / bare_s:.2f}")


if __name__ == "__main__":
    main()
