"""`python -m training masks`: a sheet of masks to look at."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.description = (
        "Write a PNG sheet of masks, white where the hole is: a row for each of the paper's six "
        "ranges of hole ratio, with and without border contact, or masks made from a folder."
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="PNG file to write")
    parser.add_argument("--size", type=int, default=128, help="side in pixels (default: 128)")
    parser.add_argument("--count", type=int, default=10, help="masks a row (default: 10)")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers (default: 0)")
    parser.add_argument(
        "--folder", type=Path, help="make masks from this folder of mask images, white is hole"
    )


def run(args: argparse.Namespace) -> int:
    """Draw the sheet."""
    import numpy as np

    from training.masks import BUCKETS, IrregularMasks, MaskFolder, MaskSource
    from training.sheets import sheet, write_png

    sources: dict[str, MaskSource] = {}
    if args.folder:
        sources["folder"] = MaskFolder(args.folder)
    else:
        for bucket in BUCKETS:
            sources[f"{bucket} of the area"] = IrregularMasks([bucket], border=True)
            sources[f"{bucket}, border clear"] = IrregularMasks([bucket], border=False)
    rng = np.random.default_rng(args.seed)
    rows = [
        [255 * (1 - source(rng, args.size, args.size)) for _ in range(args.count)]
        for source in sources.values()
    ]
    write_png(args.output, sheet(rows, titles=list(sources)))
    print(f"{args.output}: {len(rows)} rows of {args.count} masks, hole in white")
    return 0
