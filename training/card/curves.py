"""The curves of a run as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from training.card.run_record import RunRecord
from training.recipe import LossWeights

TERMS = tuple(LossWeights.model_fields)
GRADIENTS = tuple(f"gradient_norm_{term}" for term in TERMS)
COLOURS = (
    *("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple"),
    *("tab:brown", "tab:pink", "tab:grey", "tab:olive", "tab:cyan"),
)


def draw_curves(run: RunRecord, path: Path) -> None:
    """Write a PNG: PSNR in the hole, loss, its weighted terms and their gradients, by step.

    Dashed lines are the stages' borders. A stage with other terms has another loss.

    Raises:
        OSError: the file cannot be written.
    """
    figure = Figure(figsize=(11, 7.5), layout="constrained")
    axes: Any = figure.subplots(2, 2, sharex=True)
    psnr, loss, terms, gradients = axes.flat
    _plot(psnr, run, ("hole_psnr", "val_hole_psnr"), ("training", "validation"))
    _plot(loss, run, ("loss", "val_loss"), ("training", "validation"))
    _plot(terms, run, TERMS, TERMS)
    _plot(gradients, run, GRADIENTS, TERMS)
    psnr.set_title("PSNR in the hole, dB")
    loss.set_title("loss")
    terms.set_title("weighted terms, training")
    gradients.set_title("gradient norm of weighted terms at the output")
    for axis in (loss, terms, gradients):
        axis.set_yscale("log")
    for formatter in (loss.yaxis.set_major_formatter, loss.yaxis.set_minor_formatter):
        formatter(ScalarFormatter())  # powers of ten say little within one decade
    for axis in axes.flat:
        _mark_stages(axis, run)
    for axis in axes[1]:
        axis.set_xlabel("step")
    _add_legend(figure, psnr, "outside upper center")
    _add_legend(figure, terms, "outside lower center")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without the library's version in it, the same run gives the same file.
    figure.savefig(path, dpi=100, metadata={"Software": None})


def _plot(axis: Any, run: RunRecord, names: Sequence[str], labels: Sequence[str]) -> None:
    """One line a figure and stage: across a border the loss means something else."""
    for name, label, colour in zip(names, labels, COLOURS, strict=False):
        for stage in run.recipe.stages:
            points = [
                (epoch["step"], epoch[name]) for epoch in run.epochs(stage) if epoch.get(name)
            ]
            if points:
                axis.plot(*zip(*points, strict=True), label=label, color=colour, marker=".", lw=1.2)


def _mark_stages(axis: Any, run: RunRecord) -> None:
    axis.grid(alpha=0.3)
    for stage, border in zip(run.recipe.stages, run.borders(), strict=True):
        axis.axvline(border, color="grey", ls="--", lw=0.8)
        axis.annotate(
            stage.name,
            (border, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-2, -4),
            textcoords="offset points",
            rotation=90,
            ha="right",
            va="top",
            fontsize="small",
            color="grey",
            zorder=1,
        )
    axis.set_xlim(0, run.borders()[-1])


def _add_legend(
    figure: Figure, axis: Any, place: Literal["outside upper center", "outside lower center"]
) -> None:
    """A legend beside the axes, where it hides no line."""
    handles, labels = axis.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    names = [label.replace("_", " ") for label in unique]
    if names:
        figure.legend(list(unique.values()), names, loc=place, ncols=len(names), fontsize="small")
