"""Peak memory of one request above the idle service, in bytes for each pixel of the photo.

    python -m benchmarks.memory [--megapixels 1 12 24 50]

Every case runs in a process of its own: engine warm, memory read, peak reset, one photo through the
pipeline from file to file, peak read. The bar is 12 bytes a pixel plus a constant for the windows,
which the 1 megapixel row bounds. Linux only (/proc). Settings (INPAINT_MODEL, ...) apply as to the
server.
"""

import argparse
import io
import multiprocessing
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

from service.arrays import Hole
from service.engine.build import build_engine
from service.imaging.encoding import Encoding
from service.pipeline import Pipeline, Work
from service.queueing.backlog import Backlog, CostTable
from service.queueing.lane import Lane
from service.settings import Settings
from service.ticket import Ticket

HOLES = ("200x200", "half")
MEBIBYTE = 2**20


def files(pixels: int, kind: str, holes: str) -> tuple[bytes, bytes]:
    """A photo-like file of 3:2 and its mask."""
    height = round((pixels / 1.5) ** 0.5)
    width = pixels // height
    rng = np.random.default_rng(0)
    coarse = PillowImage.fromarray(rng.integers(0, 256, (40, 60, 3), dtype=np.uint8))
    hole: Hole = np.zeros((height, width), np.bool_)
    if holes == "half":
        hole[:, width // 4 : width // 4 + width // 2] = True
    else:
        hole[height // 2 :, width // 2 :][:200, :200] = True
    return (
        _file(coarse.resize((width, height), PillowImage.Resampling.BICUBIC), kind),
        _file(PillowImage.fromarray(hole), "PNG"),
    )


def _file(image: PillowImage.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def status(field: str) -> int:
    """A field of this process's status in bytes (VmRSS: now, VmHWM: the peak)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"no {field} in /proc/self/status")


def peak_above_idle(photo: bytes, mask: bytes) -> int:
    """Bytes by which one request raises a warm process, its files not counted."""
    settings = Settings()
    engine = build_engine(settings)
    costs = CostTable()
    costs.update(engine.warm_up().window_seconds)
    lane = Lane(engine, max_batch=engine.info.max_batch, wait_s=0)
    lane.start()
    sizes = engine.info.window_sizes
    pipeline = Pipeline(lane, sizes, costs, Backlog(), 10**9, Encoding())
    work = Work(
        image=io.BytesIO(photo),
        mask=io.BytesIO(mask),
        invert_mask=False,
        dilate=0,
        output="png",
        ticket=Ticket(1e6),
    )
    idle = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM
    pipeline.run(work)
    peak = status("VmHWM") - idle
    lane.close()
    engine.close()
    return peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 12, 24, 50])
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    for holes in HOLES:
        for kind in ("JPEG", "PNG"):
            for megapixels in options.megapixels:
                pixels = round(megapixels * 1e6)
                photo, mask = files(pixels, kind, holes)
                with context.Pool(1) as pool:
                    peak = pool.apply(peak_above_idle, (photo, mask))
                print(
                    f"hole {holes:8s} {kind:4s} {megapixels:5.0f} MP: {peak / MEBIBYTE:7.1f} MiB "
                    f"above idle, {peak / pixels:6.2f} bytes a pixel",
                    flush=True,
                )


if __name__ == "__main__":
    main()
