"""What an evaluation measured, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping

from training.card.evaluations import Evaluated
from training.card.markdown import section, table
from training.evaluation.cases import BUCKET_GROUPS, LATTICE_GROUPS, LATTICE_STRIDE
from training.evaluation.report import DIGITS, MARGINS, TITLES
from training.evaluation.run import MODEL

Methods = Mapping[str, Mapping[str, float]]
LATTICE_FIGURES = ("psnr", "ssim", "hole_psnr", "sharpness")


def figures_section(evaluated: Evaluated) -> str:
    """Means by bucket beside the peers', and lattices."""
    protocol = evaluated["protocol"]
    return section(
        "Figures",
        f"Measured by `python -m training evaluate`, protocol {protocol['version']}, on "
        f"{protocol['photos']} photos that were never trained on: the central "
        f"{protocol['side']}x{protocol['side']} pixels, one seeded hole of each range (columns: "
        "share of the picture) and two lattices each. Known pixels are kept, as the service does. "
        "Sharpness is the mean gradient magnitude inside the holes over the truth's.",
        *(
            _bucket_table(evaluated["groups"], figure)
            for figure in TITLES
            if _measured(evaluated["groups"], figure)
        ),
        f"Lattices: every {LATTICE_STRIDE}th pixel is known in a box of 160x160, with its true "
        "value (sampled) or that of the picture scaled down and up (averaged).",
        _lattice_table(evaluated["groups"]),
    )


def worst_section(evaluated: Evaluated) -> str:
    """The cases of lowest PSNR."""
    measured = all("lpips" in case for case in evaluated["worst"])
    rows = [
        [
            case["photo"],
            str(case["number"]),
            case["group"],
            f"{case['psnr']:.2f}",
            f"{case['ssim']:.4f}",
            f"{case['hole_psnr']:.2f}",
            *([f"{case['lpips']:.3f}"] if measured else []),
        ]
        for case in evaluated["worst"]
    ]
    header = ["photo", "case", "hole", "PSNR, dB", "SSIM", "PSNR in the hole, dB"]
    header += ["LPIPS"] if measured else []
    return section(
        f"The {len(rows)} worst cases",
        "By PSNR of the whole picture. `evaluate --sheet worst.png --cases` with these numbers "
        "shows them.",
        table(header, rows),
    )


def _measured(groups: Mapping[str, Methods], figure: str) -> bool:
    """Whether every method has the figure: LPIPS is missing where its weights were."""
    return all(figure in means for group in BUCKET_GROUPS for means in groups[group].values())


def _bucket_table(groups: Mapping[str, Methods], figure: str) -> str:
    digits = DIGITS[figure]
    values = {
        method: [groups[group][method][figure] for group in BUCKET_GROUPS]
        for method in groups[BUCKET_GROUPS[0]]
    }
    rows = [
        [_name(method), *(f"{value:.{digits}f}" for value in row)] for method, row in values.items()
    ]
    peers = [row for method, row in values.items() if method != MODEL]
    if figure in MARGINS and peers:
        best = [max(column) for column in zip(*peers, strict=True)]
        leads = [own - peer for own, peer in zip(values[MODEL], best, strict=True)]
        rows.append(["over the best peer", *(f"{lead:+.{digits}f}" for lead in leads)])
    return table([TITLES[figure], *BUCKET_GROUPS], rows)


def _lattice_table(groups: Mapping[str, Methods]) -> str:
    rows = [
        [
            f"{group.removeprefix('lattice ')}, {_name(method)}",
            *(f"{means[figure]:.{DIGITS[figure]}f}" for figure in LATTICE_FIGURES),
        ]
        for group in LATTICE_GROUPS
        for method, means in groups[group].items()
    ]
    return table(["lattice", "PSNR, dB", "SSIM", "PSNR in the box, dB", "sharpness"], rows)


def _name(method: str) -> str:
    return f"**{method}**" if method == MODEL else method
