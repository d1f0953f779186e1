"""`python -m training`: the command line of the training package."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys

COMMANDS = {
    "fit": "train a network on folders of photos",
    "evaluate": "measure a model against classical methods on a fixed protocol",
    "card": "write the model card of a finished run",
    "masks": "write a sheet of masks to look at",
    "kit": "train on a borrowed machine: pack, and collect what comes back",
    "weights": "fetch VGG16 and AlexNet for losses and figures, once",
}


def main(arguments: list[str] | None = None) -> int:
    """Run a sub-command; the exit code."""
    # TensorFlow's start-up notes would bury the command's own output.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Before any command imports Keras; TensorFlow is needed by exporting alone.
    os.environ.setdefault("KERAS_BACKEND", "jax")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        module = importlib.import_module(f"training.commands.{name}")
        command = commands.add_parser(name, help=summary)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    args = parser.parse_args(arguments)
    try:
        return int(args.run(args))
    except (OSError, ValueError) as error:
        print(f"{parser.prog} {args.command}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
