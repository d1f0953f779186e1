"""The command line that all benchmarks have in common."""

import argparse
from pathlib import Path

from benchmarks.report import RESULTS


def parser_of(name: str, text: str | None) -> argparse.ArgumentParser:
    """A parser with the option `--out`.

    Args:
        name: The benchmark's module.
        text: Its docstring.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    return parser
