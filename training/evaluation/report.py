"""What an evaluation says, as JSON and as tables to read."""

import importlib.metadata
from collections.abc import Mapping, Sequence
from typing import Any

from training.evaluation.cases import (
    BUCKET_GROUPS,
    GROUPS,
    LATTICE_GROUPS,
    PROTOCOL_VERSION,
    SIDE,
)
from training.evaluation.figures import Figures, Means, mean_of
from training.evaluation.run import MODEL, Evaluation, Result

Summary = Mapping[str, Mapping[str, Means]]
"""Means by group and method, methods in the order in which they ran."""

WORST = 10
LIBRARIES = ("numpy", "opencv-python-headless", "onnxruntime", "keras", "pypatchmatch")

TITLES = {
    "psnr": "PSNR, dB",
    "ssim": "SSIM",
    "l1": "l1, % of full scale",
    "hole_psnr": "PSNR inside the hole, dB",
    "lpips": "LPIPS (AlexNet), less is better",
    "sharpness": "sharpness inside the hole (the truth is 1)",
}
DIGITS = {"psnr": 2, "ssim": 4, "l1": 2, "hole_psnr": 2, "lpips": 3, "sharpness": 2}
MARGINS = ("psnr", "ssim", "hole_psnr")
"""Where more is better, so that a lead over the best peer makes sense."""


def summarise(evaluation: Evaluation) -> Summary:
    """Average the figures of each method over each group."""
    figures: dict[str, dict[str, list[Figures]]] = {group: {} for group in GROUPS}
    for result in evaluation.results:
        figures[result.group].setdefault(result.method, []).append(result.figures)
    return {
        group: {method: mean_of(items) for method, items in methods.items()}
        for group, methods in figures.items()
    }


def worst_cases(evaluation: Evaluation) -> list[Result]:
    """Return the model's ten irregular holes of lowest whole-picture PSNR, worst first."""
    of_model = [
        result
        for result in evaluation.results
        if result.method == MODEL and result.group in BUCKET_GROUPS
    ]
    return sorted(of_model, key=lambda result: (result.figures.psnr, result.number))[:WORST]


def as_json(evaluation: Evaluation, model: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return everything that is worth keeping, ready for `json.dumps`.

    Args:
        evaluation: what was measured.
        model: what to say about the model, such as its file's name and digest.
    """
    summary = summarise(evaluation)
    any_method = next(iter(summary[GROUPS[-1]].values()))
    return {
        "protocol": {
            "version": PROTOCOL_VERSION,
            "side": SIDE,
            "seed": evaluation.seed,
            "photos": any_method.pictures,
            "skipped": evaluation.skipped,
            "photos_sha256": evaluation.photos_sha256,
            "masks_sha256": evaluation.masks_sha256,
        },
        "libraries": _versions(),
        "model": model,
        "groups": {
            group: {method: means.as_dict() for method, means in methods.items()}
            for group, methods in summary.items()
        },
        "worst": [_worst_entry(result) for result in worst_cases(evaluation)],
    }


def as_text(evaluation: Evaluation) -> str:
    """Return the tables: a block for each figure, one for the lattices, and the worst cases."""
    summary = summarise(evaluation)
    blocks = [_bucket_block(summary, figure) for figure in TITLES]
    blocks.append(_lattice_block(summary))
    if worst := worst_cases(evaluation):
        blocks.append(_worst_block(worst))
    if evaluation.skipped:
        blocks.append(f"{len(evaluation.skipped)} photos skipped ({'; '.join(evaluation.skipped)})")
    return "\n\n".join(block for block in blocks if block)


def _bucket_block(summary: Summary, figure: str) -> str:
    methods = list(summary[BUCKET_GROUPS[0]])
    if not methods or _missing(summary, figure):
        return ""
    digits = DIGITS[figure]
    values = {
        method: [getattr(summary[group][method], figure) for group in BUCKET_GROUPS]
        for method in methods
    }
    rows = [[method, *(f"{value:.{digits}f}" for value in values[method])] for method in methods]
    peers = [method for method in methods if method != MODEL]
    if figure in MARGINS and peers and MODEL in methods:
        best = [max(column) for column in zip(*(values[peer] for peer in peers), strict=True)]
        lead = [own - peer for own, peer in zip(values[MODEL], best, strict=True)]
        rows.append(["model over best peer", *(f"{value:+.{digits}f}" for value in lead)])
    return _table([TITLES[figure], *BUCKET_GROUPS], rows)


def _missing(summary: Summary, figure: str) -> bool:
    return any(
        getattr(means, figure) is None
        for group in BUCKET_GROUPS
        for means in summary[group].values()
    )


def _lattice_block(summary: Summary) -> str:
    rows = [
        [
            f"{group}, {method}",
            f"{means.psnr:.2f}",
            f"{means.ssim:.4f}",
            f"{means.hole_psnr:.2f}",
            f"{means.sharpness:.2f}",
        ]
        for group in LATTICE_GROUPS
        for method, means in summary[group].items()
    ]
    header = ["every 4th pixel known in 160x160", "PSNR", "SSIM", "hole PSNR", "sharpness"]
    return _table(header, rows)


def _worst_block(worst: Sequence[Result]) -> str:
    rows = [
        [
            result.photo,
            str(result.number),
            result.group,
            f"{result.figures.psnr:.2f}",
            f"{result.figures.ssim:.4f}",
            f"{result.figures.hole_psnr:.2f}",
            "" if result.figures.lpips is None else f"{result.figures.lpips:.3f}",
        ]
        for result in worst
    ]
    return _table(["worst cases", "number", "hole", "PSNR", "SSIM", "hole PSNR", "LPIPS"], rows)


def _worst_entry(result: Result) -> dict[str, Any]:
    figures = result.figures
    return {
        "number": result.number,
        "photo": result.photo,
        "group": result.group,
        "psnr": round(figures.psnr, 4),
        "ssim": round(figures.ssim, 4),
        "hole_psnr": round(figures.hole_psnr, 4),
        **({} if figures.lpips is None else {"lpips": round(figures.lpips, 4)}),
    }


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align: first column left and of one width in all tables, figures right."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    widths[0] = max(widths[0], *map(len, TITLES.values()))
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _versions() -> dict[str, str]:
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
