"""Pieces of Markdown."""

from __future__ import annotations

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table: the first column to the left, the others to the right."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))


def section(title: str, *blocks: str) -> str:
    """A heading and what stands below it; empty blocks are left out."""
    return "\n\n".join([f"## {title}", *(block for block in blocks if block)])
