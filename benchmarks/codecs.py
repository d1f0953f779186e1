"""Decoding and encoding of 12 megapixels: what the service does, and what else there is.

    python -m benchmarks.codecs [--rounds 5] [--only "encode png"]

A photo with a camera's noise (`benchmarks.photos`) as JPEG, PNG and WebP, read into an array and
written from one by the service, Pillow and OpenCV, and by the fast packages of PyPI that happen to
be installed: imagecodecs, pyspng, PyTurboJPEG. Ratios are against the service's own decoding and
encoding. Memory is the peak above what the process used before the call, in bytes a pixel. Linux
only (/proc).
"""

import io
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from benchmarks.files import file_of
from benchmarks.options import parser_of
from benchmarks.photos import camera_photo
from benchmarks.pipelines import NO_LIMIT, encoding_of
from benchmarks.processes import memory, reset_peak
from benchmarks.report import Report
from benchmarks.rounds import in_turn, ratio
from service.imaging.decoding import Photo, decode_photo
from service.imaging.encoding import OutputFormat, encode
from service.operation.allocator import tune_allocator
from service.settings import Settings

HEIGHT, WIDTH = 3000, 4000
MEGABYTE = 1e6
SERVICE = "service"
OPTIONAL = ("imagecodecs", "pyspng", "turbojpeg")

Samples = NDArray[np.uint8]
Calls = dict[str, Callable[[], Any]]

# What OpenCV takes for PNG. Asked for a level, it tries all five filters on every row, unless a
# filter is named as well; by itself it takes level 1, runs of equal bytes and one filter.
OPENCV_PNG: dict[str, list[int]] = {
    "as it comes": [],
    "level 1": [cv2.IMWRITE_PNG_COMPRESSION, 1],
    "level 3": [cv2.IMWRITE_PNG_COMPRESSION, 3],
    "level 6": [cv2.IMWRITE_PNG_COMPRESSION, 6],
    "Huffman": [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY],
}
for _name in ("NONE", "SUB", "UP", "AVG", "PAETH"):
    if hasattr(cv2, f"IMWRITE_PNG_FILTER_{_name}"):  # from OpenCV 4.12 on
        OPENCV_PNG[f"RLE, filter {_name.lower()}"] = [
            cv2.IMWRITE_PNG_STRATEGY,
            cv2.IMWRITE_PNG_STRATEGY_RLE,
            cv2.IMWRITE_PNG_FILTER,
            getattr(cv2, f"IMWRITE_PNG_FILTER_{_name}"),
        ]
# zlib's strategies by the numbers that Pillow takes.
PILLOW_PNG: dict[str, dict[str, int]] = {
    "level 1": {"compress_level": 1},
    "level 6": {"compress_level": 6},
    "level 1, Huffman": {"compress_level": 1, "compress_type": 2},
    "level 1, RLE": {"compress_level": 1, "compress_type": 3},
}


def opencv_write(image: Samples, suffix: str, parameters: list[int]) -> bytes:
    """An RGB array to a file, the change to OpenCV's order of channels included."""
    _, data = cv2.imencode(suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), parameters)
    return data.tobytes()


def opencv_read(data: bytes) -> Samples:
    """A file to an RGB array."""
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)


def pillow_read(data: bytes) -> Samples:
    """A file to an RGB array."""
    return np.asarray(Image.open(io.BytesIO(data)))


def service_write(image: Samples, output: OutputFormat) -> bytes:
    """An RGB array to a file, as the service does it."""
    return encode(Photo(image, None, None), output, encoding_of(Settings()))


def encoders(image: Samples) -> dict[str, Calls]:
    """Ways to write, by format, the service's first."""
    ways: dict[str, Calls] = {
        f"encode {output}": {SERVICE: partial(service_write, image, output)}
        for output in ("png", "webp", "jpeg")
    }
    png, webp, jpeg = ways.values()
    for name, options in PILLOW_PNG.items():
        png[f"Pillow, {name}"] = partial(file_of, image, "PNG", **options)
    for name, parameters in OPENCV_PNG.items():
        png[f"OpenCV, {name}"] = partial(opencv_write, image, ".png", parameters)
    webp["OpenCV, lossless"] = partial(
        opencv_write, image, ".webp", [cv2.IMWRITE_WEBP_QUALITY, 101]
    )
    sampling = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    jpeg["OpenCV"] = partial(opencv_write, image, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, 95, *sampling])
    if find_spec("imagecodecs"):
        import imagecodecs

        png["imagecodecs, level 1"] = partial(imagecodecs.png_encode, image, level=1)
        png["imagecodecs, spng, level 1"] = partial(imagecodecs.spng_encode, image, level=1)
        webp["imagecodecs, lossless"] = partial(
            imagecodecs.webp_encode, image, lossless=True, level=20, method=0
        )
    return ways


def decoders(image: Samples) -> dict[str, Calls]:
    """Ways to read, by format, the service's first."""
    files = {
        "png": file_of(image, "PNG"),
        "webp": file_of(image, "WEBP", lossless=True, method=0, quality=20),
        "jpeg": file_of(image, "JPEG", quality=95),
    }
    ways: dict[str, Calls] = {}
    for name, data in files.items():
        ways[f"decode {name}"] = {
            SERVICE: lambda data=data: decode_photo(io.BytesIO(data), NO_LIMIT),
            "Pillow": partial(pillow_read, data),
            "OpenCV": partial(opencv_read, data),
        }
    png, webp, jpeg = ways.values()
    if find_spec("imagecodecs"):
        import imagecodecs

        png["imagecodecs, spng"] = partial(imagecodecs.spng_decode, files["png"])
        webp["imagecodecs"] = partial(imagecodecs.webp_decode, files["webp"])
    if find_spec("pyspng"):
        import pyspng

        png["pyspng"] = partial(pyspng.load, files["png"])
    if find_spec("turbojpeg"):
        jpeg.update(_turbojpeg(files["jpeg"]))
    return ways


def _turbojpeg(data: bytes) -> Calls:
    """PyTurboJPEG's way to read, if it finds the library that it needs."""
    import turbojpeg

    try:
        codec = turbojpeg.TurboJPEG()
    except RuntimeError as error:
        print(f"turbojpeg is left out: {error}")
        return {}
    return {"PyTurboJPEG": partial(codec.decode, data, pixel_format=turbojpeg.TJPF_RGB)}


def peak_per_pixel(call: Callable[[], object]) -> float:
    """Bytes a pixel that a call needs at most, its result included."""
    before = memory("VmRSS")
    reset_peak()
    result = call()
    peak = memory("VmHWM") - before
    del result
    return peak / (HEIGHT * WIDTH)


def measure(report: Report, task: str, calls: Calls, rounds: int) -> None:
    """Time the ways of one task in turn and add their rows."""
    times = in_turn(calls, rounds)
    for way, its in times.items():
        made = calls[way]()
        report.add(
            task=task,
            way=way,
            seconds=its.median_s,
            cpu_s=its.cpu_s,
            megabytes=len(made) / MEGABYTE if task.startswith("encode") else None,
            peak=peak_per_pixel(calls[way]),
            ratio=ratio(its.wall, times[SERVICE].wall),
            cpu_ratio=ratio(its.cpu, times[SERVICE].cpu),
        )


def main() -> None:
    """Measure and write the report."""
    parser = parser_of("codecs", __doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", metavar="TASK", help='such as "encode png"')
    options = parser.parse_args()
    report = Report(
        "codecs",
        "Decoding and encoding of 12 megapixels",
        peer="what the service does",
        columns={
            "task": "Task",
            "way": "By",
            "seconds": "Seconds",
            "cpu_s": "CPU, s",
            "megabytes": "File, MB",
            "peak": "Peak, bytes a pixel",
            "ratio": "Times the service's seconds",
            "cpu_ratio": "Times its CPU",
        },
        labels=("task", "way"),
        settings={"rounds": options.rounds, "Pillow has zlib-ng": features.check("zlib_ng")},
    )
    for name in OPTIONAL:
        if not find_spec(name):
            print(f"{name} is not installed and is left out")
    tune_allocator()  # as the server does; what is freed must not hide a later peak
    image = camera_photo(HEIGHT, WIDTH)
    for task, calls in {**decoders(image), **encoders(image)}.items():
        if not options.only or task in options.only:
            print(task, flush=True)
            measure(report, task, calls, options.rounds)
    report.write(options.out)


if __name__ == "__main__":
    main()
