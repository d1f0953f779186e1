"""`python -m service openapi`: the schema that is checked in beside the code."""

import argparse
import json
from collections.abc import Sequence

from service.app import create_app
from service.engine.dummy import DummyEngine
from service.settings import Settings


def main(argv: Sequence[str]) -> int:
    """Print the schema; needs no model. Returns the exit code."""
    argparse.ArgumentParser(
        prog="python -m service openapi",
        description="Print the OpenAPI schema of the HTTP interface. "
        "`service/openapi.json` holds its output, and a test compares them.",
    ).parse_args(argv)
    schema = create_app(Settings(), DummyEngine()).openapi()
    print(json.dumps(schema, indent=2))
    return 0
