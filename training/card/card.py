"""The model card as a whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

from training.card.evaluations import Evaluated
from training.card.figures_section import figures_section, worst_section
from training.card.markdown import section
from training.card.run_record import RunRecord
from training.card.training_section import training_section
from training.unet import PConvUNet

GENERATED = "<!-- Written by `python -m training card`: change that, not this file. -->"


@dataclass(frozen=True)
class Extras:
    """What a run and an evaluation do not know.

    Attributes:
        hardware: what the run was on, in words.
        peak_tflops: operations per second that it promises, in units of 1e12.
        notes: what a reader must know about this run.
        notice: text of the data notice, Markdown.
        notice_link: where the notice lies, seen from the card.
        curves_link: where the curves lie, seen from the card.
        sheet_link: where a sheet of cases lies, seen from the card.
        sheet_caption: what the sheet shows.
    """

    hardware: str | None = None
    peak_tflops: float | None = None
    notes: tuple[str, ...] = ()
    notice: str | None = None
    notice_link: str | None = None
    curves_link: str | None = None
    sheet_link: str | None = None
    sheet_caption: str | None = None


def model_card(run: RunRecord, evaluated: Evaluated, network: PConvUNet, extras: Extras) -> str:
    """Write the card.

    Args:
        run: the finished run.
        evaluated: its model's evaluation, with peers.
        network: of the run's size; its weights do not matter.
        extras: what the files do not know.
    """
    blocks = [
        f"# Model card: {evaluated['model']['file']}",
        GENERATED,
        _what_it_is(run, network, evaluated),
        _uses(),
        training_section(
            run,
            network,
            hardware=extras.hardware,
            peak_tflops=extras.peak_tflops,
            notes=extras.notes,
        ),
        _data(run, extras),
        figures_section(evaluated),
        worst_section(evaluated),
        _pictures(extras),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _what_it_is(run: RunRecord, network: PConvUNet, evaluated: Evaluated) -> str:
    return (
        "A U-Net of partial convolutions (Liu et al. 2018, "
        "[arXiv:1804.07723](https://arxiv.org/abs/1804.07723)) that fills holes in RGB photos: "
        f"{network.levels} levels, {network.width} to "
        f"{min(network.width * 2 ** (network.levels - 1), network.max_width)} features, "
        f"{network.count_params():,} parameters, sides in multiples of {network.stride} pixels. "
        "What lies under a hole has no influence on the result.\n\n"
        f"Weights trained for {run.record['steps']:,} steps{_earlier_steps(run)}. SHA-256 of the "
        f"file that was measured: `{evaluated['model']['sha256']}`."
    )


def _earlier_steps(run: RunRecord) -> str:
    earlier = run.record.get("before", [])
    steps = " and ".join(f"{part['steps']:,} (`{part['recipe']}`)" for part in earlier)
    return f", after {steps} of earlier runs" if earlier else ""


def _uses() -> str:
    return section(
        "What it is for, and what not",
        "For: removing scratches, text and small objects from photos, trying out inpainting, "
        "fine-tuning on photos of your own.",
        "Not for: anything in which the filled pixels are taken for what was there (evidence, "
        "medicine, measurement): they are made up. It knows no objects and no faces, draws no "
        "text, and fills large holes with soft colours. Drawings, screenshots and X-rays are not "
        "what it was trained on.",
    )


def _data(run: RunRecord, extras: Extras) -> str:
    record = run.record
    broken = f", {record['broken_photos']} of them broken" if record["broken_photos"] else ""
    facts = (
        f"{record['photos']:,} training photos{broken}. SHA-256 of the list of their names and "
        f"sizes: `{record['data_sha256']}`."
    )
    notice = ""
    if extras.notice and extras.notice_link:
        notice = f"{first_paragraph(extras.notice)}\n\nAll sources and credits: " + _link(
            extras.notice_link, extras.notice_link
        )
    return section("Data and terms", facts, notice)


def _pictures(extras: Extras) -> str:
    curves = f"!{_link('Curves of the training', extras.curves_link)}" if extras.curves_link else ""
    sheet = f"!{_link('Sheet of cases', extras.sheet_link)}" if extras.sheet_link else ""
    return section(
        "Pictures",
        curves,
        sheet,
        extras.sheet_caption or "",
        "Cases of the evaluation itself are shown by `python -m training evaluate MODEL --photos "
        "FOLDER --sheet sheet.png`, which picks 16 by number, spread evenly over photos and kinds "
        "of hole.",
    )


def first_paragraph(markdown: str) -> str:
    """The first paragraph that is no heading.

    Raises:
        ValueError: there is none.
    """
    for block in re.split(r"\n\s*\n", markdown.strip()):
        text = block.strip()
        if text and not text.startswith(("#", "<!--")):
            return text
    raise ValueError("The data notice holds no paragraph.")


def _link(text: str, target: str) -> str:
    return f"[{text}]({target})"
