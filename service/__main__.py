"""`python -m service`: serve over HTTP (the default), or one of the other commands.

Each command lives in `service/commands/<name>.py`, offers `main(argv) -> int` and is imported only
when it is asked for, so that `health` stays quick enough for a container's health check.
"""

import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "serve": "answer inpainting requests over HTTP (the default)",
    "health": "ask a running server whether it is ready; exit code 0 if so, 1 if not",
    "fill": "fill the holes of photos on disk, without a server",
    "openapi": "print the schema of the HTTP interface as JSON",
    "plan": "show how a photo's holes would be cut into windows, and what that costs",
}
USAGE_ERROR = 2


def usage() -> str:
    """The text of `--help`: the commands and every setting with its default."""
    from service.settings import describe_settings

    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:<{width}}  {text}" for name, text in COMMANDS.items())
    return (
        "usage: python -m service [COMMAND] [OPTIONS]\n\n"
        f"commands (each has its own --help):\n{commands}\n\n"
        "settings (environment variables; they apply to every command):\n"
        f"{describe_settings()}"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command named by the first argument; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] in ("-h", "--help"):
        print(usage())
        return 0
    name = "serve"
    if arguments and not arguments[0].startswith("-"):
        name = arguments.pop(0)
    if name not in COMMANDS:
        known = ", ".join(COMMANDS)
        print(f"unknown command {name!r}; the commands are {known}", file=sys.stderr)
        return USAGE_ERROR
    command = import_module(f"service.commands.{name}")
    exit_code: int = command.main(arguments)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
