"""The options of `python -m service fill`."""

import argparse
from collections.abc import Callable
from pathlib import Path

from service.commands.hole_options import add_hole_options, pixels
from service.filling.report import FORMATS
from service.http.fields import MAX_SEED

DESCRIPTION = """\
Fill the holes of a photo, or of thousands. Known pixels stay as they are.

A photo that fails is no reason to end: the rest is done, what failed is listed, and the exit code
is 1. Files are written as a whole or not at all; Ctrl-C ends after the steps under way (exit code
130), and --resume goes on from there. Settings (INPAINT_MODEL, INPAINT_PROVIDER, ...) apply as to
the server.
"""
EXAMPLES = """\
examples:
  %(prog)s photo.jpg mask.png -o filled.png
  %(prog)s photos masks -o filled --resume --report filled.csv
  %(prog)s 'photos/2024-*/*.jpg' logo.png -o filled --format jpeg --jobs 4
"""


def parser(
    prog: str = "python -m service fill", path: Callable[[str], Path] = Path
) -> argparse.ArgumentParser:
    """The parser of the command's options.

    Args:
        prog: How the command is called.
        path: Makes paths of what names photos, masks and results.
    """
    parser = argparse.ArgumentParser(
        prog=prog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EXAMPLES,
        description=DESCRIPTION,
    )
    parser.add_argument(
        "image",
        type=path,
        help="a photo, a folder of photos, or a pattern in quotation marks such as "
        "'photos/**/*.jpg' (** is any number of folders)",
    )
    parser.add_argument(
        "mask",
        type=path,
        nargs="?",
        help="white is hole: a mask for the photo (or for all of them), or a folder of masks named "
        "as the photos are, whatever their ending (default: the photos' own transparency)",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=path,
        required=True,
        help="the file to write, or the folder, which repeats the folders that the photos lie in; "
        "nothing is written where that would cost another photo or a mask",
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
        "number gives the same fill, but for rounding on some machines where photos filled side by "
        "side share batches; without texture there are eight (default: %(default)s)",
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
    parser.add_argument(
        "--jobs",
        type=_jobs,
        metavar="N",
        help="photos filled at a time; more need more memory (default: one for each CPU)",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="leave out photos whose file is there as a whole, as after a run that was stopped; "
        "what should be filled anew has to be deleted; not for answers in the photos' own folder",
    )
    parser.add_argument(
        "--report",
        type=_report,
        metavar="FILE",
        help="a .csv or .json file that says of each photo what became of it, why it failed, how "
        "long it took and how large it is; with --resume photos that are left out keep the lines "
        "that they had; it is written at the end, and until then lines are kept in FILE.lines, "
        "from which --resume takes those of a run that was killed",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress and no summary")
    return parser


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value <= MAX_SEED:
        raise argparse.ArgumentTypeError(f"{value} is not between 0 and {MAX_SEED}")
    return value


def _jobs(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not at least 1")
    return value


def _report(text: str) -> Path:
    path = Path(text)
    if path.suffix not in FORMATS:
        raise argparse.ArgumentTypeError(f"{text} should end in {' or '.join(FORMATS)}")
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a folder")
    return path
