"""How good the pictures are: services, model files and Telea over a folder of photos and masks.

    python -m benchmarks.quality http://127.0.0.1:8000 models/inpaint.onnx telea \
        --photos PHOTOS --masks MASKS

A mask is white where the hole is. It belongs to the photo of its name, or, where no name fits,
the first mask to the first photo and so on. Without --masks irregular holes are drawn, the same
ones for the same seed. A service is asked as a client would ask it; a model file of ours sees the
whole photo at once, padded with unknown pixels to its stride, and one of another project windows,
as the service would show them, without texture. Known pixels are kept.

Prints one table by range of hole share: PSNR, SSIM, LPIPS (AlexNet, less is better; needs
`python -m training weights`), sharpness in the hole (1 is the truth's) and seconds a photo.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import httpx
import numpy as np
from numpy.typing import NDArray

from service.engine.base import EngineError
from service.engine.build import build_engine
from service.engine.model_file import identify
from service.inpainting.filling import fill as fill_windows
from service.inpainting.planning import plan
from service.settings import Settings
from training.evaluation.distance import Distance, load_distance
from training.evaluation.models import load_model
from training.masks import IrregularMasks
from training.metrics import gradient, psnr, ssim
from training.peers import telea
from training.photos import PhotoFolder, read_photo
from training.sheets import sheet, write_png

EDGES = (0.1, 0.2, 0.3, 0.4, 0.5, 1.0)
"""Upper ends of the ranges of hole share."""
STRIDE = 128
"""Model files get sides of multiples of it: that of the contract's network."""
HEADER = ("method", "hole", "photos", "PSNR", "SSIM", "LPIPS", "sharpness", "seconds")

Picture = NDArray[np.uint8]
Fill = Callable[[Picture, Picture], Picture]
"""Photo (H, W, 3) RGB, white in the hole, and hole (H, W), 0 or 255, to the filled photo."""


class Case(NamedTuple):
    """A photo (H, W, 3) RGB and its hole (H, W), 0 or 255."""

    name: str
    photo: Picture
    hole: Picture


class Row(NamedTuple):
    """The figures of one filled photo; `changed`: how many known pixels are not the photo's."""

    name: str
    share: float
    psnr: float
    ssim: float
    lpips: float | None
    sharpness: float
    seconds: float
    changed: int


def cases(photos: Path, masks: Path | None, seed: int, limit: int | None) -> Iterator[Case]:
    """Photos with their holes; without masks, seeded irregular ones.

    Raises:
        ValueError: a photo or mask is broken, or photos and masks do not fit each other.
    """
    pairs = _pairs(PhotoFolder([photos]).paths, masks)
    for index, (path, mask) in enumerate(pairs[:limit]):
        photo = read_photo(path)
        if photo is None:
            raise ValueError(f"{path} is no readable photo")
        if mask is None:
            known = IrregularMasks()(np.random.default_rng([seed, index]), *photo.shape[:2])
            hole = np.where(known, 0, 255).astype(np.uint8)
        else:
            grey = read_photo(mask)
            if grey is None or grey.shape != photo.shape:
                raise ValueError(f"{mask} is no readable mask of the size of {path.name}")
            hole = np.where(grey.max(axis=2) > 127, 255, 0).astype(np.uint8)
        yield Case(path.stem, photo, hole)


def _pairs(photos: Sequence[Path], masks: Path | None) -> list[tuple[Path, Path | None]]:
    if masks is None:
        return [(photo, None) for photo in photos]
    files = PhotoFolder([masks]).paths
    by_stem = {path.stem: path for path in photos}
    if all(mask.stem in by_stem for mask in files):
        return [(by_stem[mask.stem], mask) for mask in files]
    if len(files) != len(photos):
        raise ValueError(
            f"{len(photos)} photos and {len(files)} masks: name masks like their photos, or give "
            "one for each"
        )
    return list(zip(photos, files, strict=True))


def service(url: str, fields: dict[str, str]) -> Fill:
    """Ask a running service, with form fields beside photo and mask."""
    client = httpx.Client(timeout=600)

    def fill(photo: Picture, hole: Picture) -> Picture:
        files = {
            name: (f"{name}.png", cv2.imencode(".png", picture)[1].tobytes(), "image/png")
            for name, picture in (("image", photo[..., ::-1]), ("mask", hole))
        }
        answer = client.post(f"{url.rstrip('/')}/inpaint", data=fields, files=files)
        if answer.is_error:
            raise ValueError(f"{url} answered {answer.status_code}: {answer.text[:400]}")
        data = np.frombuffer(answer.content, np.uint8)
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), np.uint8)

    return fill


def model_file(path: Path) -> Fill:
    """One pass of a model over the whole photo; known pixels are kept."""
    predict = load_model(path)

    def fill(photo: Picture, hole: Picture) -> Picture:
        rows, columns = (-side % STRIDE for side in hole.shape)
        image = np.pad(photo, ((0, rows), (0, columns), (0, 0)))
        known = np.pad((hole == 0).astype(np.uint8), ((0, rows), (0, columns)))
        filled = predict(image[None], known[None])[0, : hole.shape[0], : hole.shape[1]]
        return np.where(hole[..., None] > 0, filled, photo)

    return fill


def other_network(path: Path) -> Fill:
    """A network of another project, by the windows that the service would run."""
    engine = build_engine(Settings(runs=1), path)
    sizes, traits = engine.info.window_sizes, engine.info.traits

    def fill(photo: Picture, hole: Picture) -> Picture:
        missing = hole > 0
        planned = plan(missing, sizes, reach=traits.reach)
        return fill_windows(photo, missing, planned, engine.infer, traits=traits).image

    return fill


def method(what: str, fields: dict[str, str]) -> Fill:
    """A service by its URL, a model by its file, or `telea`.

    Raises:
        ValueError: it is none of them.
        EngineError: it is a file of no network that can be run.
    """
    if what.startswith(("http://", "https://")):
        return service(what, fields)
    if what.lower() == "telea":
        return lambda photo, hole: telea(photo, (hole == 0).astype(np.uint8))
    if Path(what).is_file():
        path = Path(what)
        ours = path.suffix != ".onnx" or identify(path).ours
        return model_file(path) if ours else other_network(path)
    raise ValueError(f"{what} is no URL, no file and not 'telea'")


def measure(case: Case, fill: Fill, distance: Distance | None) -> tuple[Row, Picture]:
    """Fill one photo and measure it; the method sees white in the hole."""
    inside = case.hole > 0
    shown = np.where(inside[..., None], 255, case.photo).astype(np.uint8)
    started = time.perf_counter()
    filled = fill(shown, case.hole)
    seconds = time.perf_counter() - started
    row = Row(
        case.name,
        float(inside.mean()),
        psnr(filled, case.photo),
        ssim(filled, case.photo),
        None if distance is None else distance(filled, case.photo),
        gradient(filled, inside) / max(gradient(case.photo, inside), 1e-3),
        seconds,
        int((filled != case.photo).any(axis=2)[~inside].sum()),
    )
    return row, filled


def table(results: dict[str, list[Row]]) -> list[tuple[str, ...]]:
    """A line for each method and range of hole share, and one for all photos."""
    lines = []
    for name, rows in results.items():
        below = 0.0
        for edge in (*EDGES, None):
            part = [row for row in rows if edge is None or below < row.share <= edge]
            label = "all" if edge is None else f"{below:.0%} to {edge:.0%}"
            below = edge or 0.0
            if part:
                lines.append((name, label, str(len(part)), *_means(part)))
    return lines


def _means(rows: Sequence[Row]) -> tuple[str, ...]:
    distances = [row.lpips for row in rows if row.lpips is not None]
    return (
        f"{np.mean([row.psnr for row in rows]):.2f}",
        f"{np.mean([row.ssim for row in rows]):.4f}",
        f"{np.mean(distances):.4f}" if distances else "-",
        f"{np.mean([row.sharpness for row in rows]):.2f}",
        f"{np.mean([row.seconds for row in rows]):.2f}",
    )


def as_text(lines: Sequence[tuple[str, ...]]) -> str:
    """Align a table."""
    widths = [max(len(line[column]) for line in (HEADER, *lines)) for column in range(len(HEADER))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in (HEADER, *lines)
    )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="+", help="URL of a service, model file, or 'telea'")
    parser.add_argument("--photos", type=Path, required=True, help="folder of photos")
    parser.add_argument("--masks", type=Path, help="folder of masks, white in the hole")
    parser.add_argument("--seed", type=int, default=0, help="of drawn holes (default: 0)")
    parser.add_argument("--limit", type=int, help="photos at most (default: all)")
    parser.add_argument("--lpips", type=Path, metavar="NPZ", help="AlexNet for LPIPS")
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="NAME=VALUE", help="form fields for services"
    )
    parser.add_argument(
        "--sheets", type=Path, help="folder for one PNG a photo: hole, fills, truth"
    )
    parser.add_argument("--json", type=Path, help="write the figures of every photo to this file")
    args = parser.parse_args()
    try:
        _run(args)
    except (EngineError, OSError, ValueError, httpx.HTTPError) as error:
        raise SystemExit(f"{parser.prog}: {error}") from error


def _run(args: argparse.Namespace) -> None:
    if wrong := [field for field in args.set if "=" not in field]:
        raise ValueError(f"--set takes NAME=VALUE, not {wrong[0]}")
    fields = dict(field.split("=", 1) for field in args.set)
    distance = load_distance(args.lpips)
    if distance is None:
        print("LPIPS is left out: `python -m training weights` fetches what it needs, once.")
    fills = {what: method(what, fields) for what in args.what}
    results: dict[str, list[Row]] = {what: [] for what in fills}
    for case in cases(args.photos, args.masks, args.seed, args.limit):
        pictures = [np.where(case.hole[..., None] > 0, 255, case.photo).astype(np.uint8)]
        for what, fill in fills.items():
            row, filled = measure(case, fill, distance)
            results[what].append(row)
            pictures.append(filled)
        if args.sheets:
            columns = ("hole", *fills, "truth")
            drawn = sheet([[*pictures, case.photo]], columns=columns)
            write_png(args.sheets / f"{case.name}.png", drawn)
    print(as_text(table(results)))
    for what, rows in results.items():
        if changed := [row.name for row in rows if row.changed]:
            print(f"{what} changed known pixels of {', '.join(changed)}")
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        content = {what: [row._asdict() for row in rows] for what, rows in results.items()}
        args.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
