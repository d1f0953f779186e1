"""Paths as the routes see them."""

from collections.abc import Mapping
from typing import Any


def route_path(scope: Mapping[str, Any]) -> str:
    """The path of an ASGI scope without the `root_path` that a proxy may have left in front.

    Nor with a newline at its end, which Starlette's routes accept (their patterns end in `$`):
    whatever goes by this path, such as admission, must see the route that will be taken.
    """
    path = str(scope["path"]).removesuffix("\n")
    root = str(scope.get("root_path", ""))
    if root and (path == root or path.startswith(root + "/")):
        return path.removeprefix(root) or "/"
    return path
