"""`python -m export`: trained networks to ONNX files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from export.backend import BackendError, require_tensorflow

COMMANDS = {
    "quantize": "make the 8-bit variant for CPUs",
    "half": "make the float16 variant for GPUs",
    "compare": "compare the PSNR of a model and a variant on photos",
}
"""Commands with a name; anything else on the command line is the model to convert. A command is
imported when it is run: `half` needs `onnx` alone."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status: 0 if it succeeded, 1 if a check failed, 2 if the input is not usable.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] in COMMANDS:
        name, epilog = words.pop(0), None
        program = f"python -m export {name}"
    else:
        name, program, epilog = "convert", "python -m export", _other_commands()
    command = import_module(f"export.commands.{name}")
    parser = argparse.ArgumentParser(
        program,
        description=command.DESCRIPTION,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    arguments = parser.parse_args(words)
    try:
        if name != "half":
            require_tensorflow()
        return int(command.run(arguments))
    except (BackendError, OSError, ValueError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2


def _other_commands() -> str:
    lines = [f"  {name:<10} {summary}" for name, summary in COMMANDS.items()]
    return "\n".join(["other commands (python -m export COMMAND --help):", *lines])


if __name__ == "__main__":
    sys.exit(main())
