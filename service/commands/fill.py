"""`python -m service fill`: fill the holes of photos on disk, without a server."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn, Self

from pydantic import ValidationError
from tqdm import tqdm

from service.commands.hole_options import add_hole_options, pixels
from service.commands.tasks import SUFFIXES, Task, TaskError, folder_tasks, single_task
from service.engine.base import EngineError
from service.engine.build import build_engine
from service.errors import ServiceError
from service.http.fields import MAX_SEED
from service.http.problems import describe_errors
from service.imaging.encoding import Encoding
from service.networks.catalogue import check_there
from service.networks.network import Network
from service.pipeline import Pipeline, Work
from service.queueing.backlog import Backlog
from service.settings import Settings
from service.texture import LibraryError
from service.texturing import build_texturing
from service.ticket import Ticket

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_ENGINE = 3

NO_DEADLINE_S = 1e6  # nobody waits behind a photo on disk; eleven days are enough
NOMINAL_COST_S = 1e-6  # of a window's pixel: only ratios matter to a plan without a deadline


def main(argv: Sequence[str]) -> int:
    """Fill photos; returns 0 if all are filled, 1 if some are not, 2 or 3 if none could be."""
    options = _parser().parse_args(argv)
    try:
        settings = Settings() if options.model is None else Settings(model=options.model)
        check_there(settings)
        if options.image.is_dir():
            tasks, failures = folder_tasks(
                options.image, options.mask, options.output, f".{options.format}"
            )
        else:
            tasks = [single_task(options.image, options.mask, options.output)]
            failures = {}
        with _Filler(settings, options, many=len(tasks) > 1) as filler:
            failures |= filler.fill_all(tasks)
    except ValidationError as error:
        return _complain(f"settings: {describe_errors(error.errors())}", EXIT_USAGE)
    except TaskError as error:
        return _complain(str(error), EXIT_USAGE)
    except (EngineError, LibraryError) as error:
        return _complain(str(error), EXIT_ENGINE)
    for path, reason in sorted(failures.items()):
        print(f"failed: {path}: {reason}", file=sys.stderr)
    return EXIT_FAILED if failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m service fill",
        description=(
            "Fill the holes of a photo, or of every photo in a folder. Known pixels stay as they "
            "are. What fails is listed at the end, the rest is done; the exit code is 1 then. "
            "Settings (INPAINT_MODEL, INPAINT_PROVIDER, ...) apply as to the server."
        ),
    )
    parser.add_argument("image", type=Path, help="a photo, or a folder of photos")
    parser.add_argument(
        "mask",
        type=Path,
        nargs="?",
        help="white is hole: a mask for the photo (or for all of them), or a folder of masks named "
        "as the photos are (default: the photos' own transparency)",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="the file or folder to write"
    )
    add_hole_options(parser)
    parser.add_argument(
        "--feather",
        type=pixels,
        default=0,
        metavar="PX",
        help="fade the fill in over this many pixels inside the hole, which shows what lies there "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--crop",
        action="store_true",
        help="write only the rectangle that changed, and print a line 'FILE: LEFT,TOP,WIDTH,HEIGHT "
        "of WIDTH,HEIGHT' that says where in the upright photo it belongs; where nothing changed "
        "no file is written and the rectangle is 0,0,0,0",
    )
    parser.add_argument(
        "--texture",
        choices=("auto", "on", "off"),
        help="rebuild the model's fill from copies of the photo's own pixels; auto leaves that out "
        "where it takes more memory than INPAINT_TEXTURE_MEMORY_MB, on takes it (default: "
        "INPAINT_TEXTURE, which is auto)",
    )
    parser.add_argument(
        "--seed",
        type=_seed,
        default=0,
        metavar="N",
        help="which of many fills, where the first is not liked: 0 to 2147483647; the same "
        "number gives the same file; without texture there are eight (default: %(default)s)",
    )
    parser.add_argument(
        "--metadata",
        choices=("keep", "no_location", "strip"),
        default="keep",
        help="EXIF, XMP and density: kept, kept without the place where the photo was taken, or "
        "left out; colour profiles are kept, and XMP says that a model made part of the photo "
        "unless INPAINT_PROVENANCE is false (default: %(default)s)",
    )
    parser.add_argument(
        "--model",
        type=Path,
        metavar="NAME|FILE",
        help="which model fills: an ONNX file, or the name of one in the folder INPAINT_MODELS "
        "(default: INPAINT_MODEL)",
    )
    parser.add_argument(
        "--format",
        choices=("png", "webp", "jpeg"),
        default="png",
        help="what a folder of photos is written as (default: %(default)s; WebP is lossless)",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress bar")
    return parser


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value <= MAX_SEED:
        raise argparse.ArgumentTypeError(f"{value} is not between 0 and {MAX_SEED}")
    return value


class _Filler:
    """Takes photos on disk through the pipeline that answers requests."""

    def __init__(self, settings: Settings, options: argparse.Namespace, *, many: bool) -> None:
        engine = build_engine(settings, measure=many)
        self._network = Network(engine.info.name, engine)
        sizes = engine.info.window_sizes
        self._network.plan_by({size: size**2 * NOMINAL_COST_S for size in sizes}, {})
        self._pipeline = Pipeline(
            backlog=Backlog(),
            max_pixels=settings.max_pixels,
            encoding=Encoding(settings.png_compression, settings.jpeg_quality),
            texturing=build_texturing(settings),
            provenance=settings.provenance,
        )
        self._options = options

    def __enter__(self) -> Self:
        self._network.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._network.close()
        self._pipeline.texturing.close()

    def fill_all(self, tasks: Sequence[Task]) -> dict[Path, str]:
        """Fill photos one after the other; returns why some could not be."""
        failures = {}
        quiet, single = self._options.quiet, len(tasks) == 1
        if not single:  # one photo takes less time than finding out which batches pay
            self._network.warm_up(self._network.info.window_sizes)
        for task in tqdm(tasks, unit="photo", disable=quiet or single):
            with tqdm(desc=task.image.name, unit="step", leave=single, disable=quiet) as windows:
                try:
                    self._fill(task, windows)
                except (ServiceError, OSError) as error:
                    failures[task.image] = str(error)
        return failures

    def _fill(self, task: Task, windows: "tqdm[NoReturn]") -> None:
        def on_progress(done: int, total: int) -> None:
            windows.total = total
            windows.update(done - windows.n)

        with ExitStack() as files:
            work = Work(
                image=files.enter_context(task.image.open("rb")),
                mask=files.enter_context(task.mask.open("rb")) if task.mask else None,
                invert_mask=self._options.invert_mask,
                dilate=self._options.dilate,
                output=SUFFIXES[task.output.suffix.lower()],
                ticket=Ticket(NO_DEADLINE_S),
                feather=self._options.feather,
                crop=self._options.crop,
                texture=self._options.texture,
                seed=self._options.seed,
                metadata=self._options.metadata,
                on_progress=on_progress,
            )
            answer = self._pipeline.run(work, self._network).answer
        if work.crop:
            place, size = (",".join(map(str, numbers)) for numbers in (work.place, work.size))
            tqdm.write(f"{task.output}: {place} of {size}")
            if not answer:
                return
        task.output.parent.mkdir(parents=True, exist_ok=True)
        part = task.output.with_name(f"{task.output.name}.part")
        part.write_bytes(answer)
        part.replace(task.output)  # a photo is there as a whole or not at all


def _complain(reason: str, exit_code: int) -> int:
    print(f"cannot fill: {reason}", file=sys.stderr)
    return exit_code
