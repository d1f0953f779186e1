"""Peak memory of one request above the idle service, in bytes for each pixel of the photo.

    python -m benchmarks.memory [--megapixels 1 12 24 50]

Every case runs in a process of its own: engine warm, memory read, peak reset, one photo through the
pipeline from file to file, peak read. The peer is a process that only decodes the same files with
Pillow and writes the photo with the service's encoder. The bar is 12 bytes a pixel plus a constant
for the windows, which the smallest photo of a kind bounds. Linux only (/proc). Settings
(INPAINT_MODEL, ...) apply as to the server.
"""

import io
import multiprocessing

import numpy as np
from PIL import Image

from benchmarks.files import file_of
from benchmarks.options import parser_of
from benchmarks.photos import square_holes
from benchmarks.pipelines import encoding_of, pipeline_of, work_of
from benchmarks.processes import MEBIBYTE, memory, reset_peak
from benchmarks.report import Report
from service.engine.build import build_engine
from service.imaging.decoding import Photo
from service.imaging.encoding import encode
from service.operation.allocator import tune_allocator
from service.settings import Settings

SMALL, HALF = "200x200", "half"
HOLE_SIDE = 200
BAR = 12.0


def files(pixels: int, kind: str, holes: str) -> tuple[bytes, bytes]:
    """A photo-like file of 3:2 and its mask."""
    height = round((pixels / 1.5) ** 0.5)
    width = pixels // height
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (40, 60, 3), dtype=np.uint8))
    hole = square_holes(height, width, HOLE_SIDE, (height // 2, width // 2))
    if holes == HALF:
        hole[:] = False
        hole[:, width // 4 : width // 4 + width // 2] = True
    photo = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
    return file_of(photo, kind), file_of(hole, "PNG")


def peak_of_service(photo: bytes, mask: bytes) -> int:
    """Bytes by which one request raises a warm process, its files not counted."""
    tune_allocator()  # as the server does
    settings = Settings()
    with pipeline_of(build_engine(settings), settings) as run:
        work = work_of(photo, mask)
        idle = memory("VmRSS")
        reset_peak()
        run(work)
        return memory("VmHWM") - idle


def peak_of_codecs(photo: bytes, mask: bytes) -> int:
    """Bytes by which decoding and encoding alone raise a process."""
    tune_allocator()
    encoding = encoding_of(Settings())
    idle = memory("VmRSS")
    reset_peak()
    samples = np.array(Image.open(io.BytesIO(photo)))
    known = np.array(Image.open(io.BytesIO(mask)))
    encode(Photo(samples, None, None), "png", encoding)
    del known
    return memory("VmHWM") - idle


def main() -> None:
    """Measure and write the report."""
    parser = parser_of("memory", __doc__)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 12, 24, 50])
    options = parser.parse_args()
    report = Report(
        "memory",
        "Peak memory of one request above the idle service",
        peer="decoding and encoding of the same files alone",
        columns={
            "hole": "Hole",
            "kind": "Photo",
            "megapixels": "MP",
            "peak_mib": "Peak, MiB",
            "bytes_a_pixel": "Bytes a pixel",
            "codecs": "Codecs, bytes a pixel",
            "ratio": "Over the codecs",
        },
        labels=("hole", "kind", "megapixels"),
    )
    context = multiprocessing.get_context("spawn")
    for holes in (SMALL, HALF):
        for kind in ("JPEG", "PNG"):
            peaks: dict[int, int] = {}
            for megapixels in sorted(options.megapixels):
                pixels = round(megapixels * 1e6)
                both = files(pixels, kind, holes)
                with context.Pool(1) as pool:
                    peaks[pixels] = pool.apply(peak_of_service, both)
                with context.Pool(1) as pool:
                    codecs = pool.apply(peak_of_codecs, both)
                report.add(
                    hole=holes,
                    kind=kind,
                    megapixels=megapixels,
                    peak_mib=peaks[pixels] / MEBIBYTE,
                    bytes_a_pixel=peaks[pixels] / pixels,
                    codecs=codecs / pixels,
                    ratio=peaks[pixels] / codecs,
                )
                print(f"{holes} {kind} {megapixels:g} MP", flush=True)
            smallest, largest = min(peaks), max(peaks)
            if largest > smallest:
                beyond = (peaks[largest] - peaks[smallest]) / largest
                what = f"{holes}, {kind}, {largest / 1e6:g} MP: bytes a pixel beyond the constant"
                report.at_most(what, beyond, BAR)
    report.write(options.out)


if __name__ == "__main__":
    main()
