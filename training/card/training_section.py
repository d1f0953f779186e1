"""How a model was trained, in Markdown."""

from __future__ import annotations

from training.card.markdown import section, table
from training.card.run_record import RunRecord
from training.operations import operations_per_sample
from training.recipe import LossWeights, Stage
from training.unet import PConvUNet

TERA = 1e12


def training_section(
    run: RunRecord,
    network: PConvUNet,
    *,
    hardware: str | None = None,
    peak_tflops: float | None = None,
    notes: tuple[str, ...] = (),
) -> str:
    """Recipe, time and speed, and how hard each loss term pulled at the end.

    Args:
        run: what was done.
        network: what was trained.
        hardware: what it ran on, in words.
        peak_tflops: operations per second that the hardware promises, in units of 1e12.
        notes: what a reader must know beside the figures.
    """
    return section(
        "Training",
        *notes,
        _facts(run, hardware),
        _stages(run),
        _terms(run),
        "Terms of the paper's section 3.3, then LPIPS, relative style, adversary and heads. VGG16 "
        "features of perceptual and the paper's two styles are divided by their root mean square "
        "over photos, so these weights are not on the paper's scale. Weights of adversary and "
        "heads are shares of the other gradients' norm at the output.",
        _speed(run, network, peak_tflops),
        _gradients(run),
    )


def _facts(run: RunRecord, hardware: str | None) -> str:
    recipe, record = run.recipe, run.record
    changes = recipe.augmentation
    facts = {
        "Recipe": f"`{record['recipe']}`, seed {recipe.seed}",
        "Time": f"{record['minutes']:.0f} minutes",
        "Hardware": hardware or record["machine"],
        "Software": f"Keras on {record['backend']}, {recipe.precision}",
        "Optimizer": "Adam; learning rates fall along a cosine",
        "Augmentation": f"flip {'on' if changes.flip else 'off'}, scaled down to "
        f"{changes.min_scale:g} at most, brightness ±{changes.brightness:.0%}, "
        f"one channel ±{changes.tint:.0%}",
        "Holes": "irregular, from 1% to 60% of the crop, with and without contact to the border",
    }
    for source in recipe.sources:
        facts[f"Chance of `{source.pattern}`"] = f"{source.weight:g}"
    return "\n".join(f"- {name}: {fact}" for name, fact in facts.items())


def _stages(run: RunRecord) -> str:
    header = ["stage", "steps", "batch", "crop, px", "learning rate", "warm-up", "lattices"]
    header += ["blocks", "batch norm", "average of weights"]
    return table(header, [_stage_row(stage, run.steps(stage)) for stage in run.recipe.stages])


def _stage_row(stage: Stage, steps: int) -> list[str]:
    rate = f"{stage.learning_rate:g}"
    if stage.final_learning_rate is not None:
        rate += f" to {stage.final_learning_rate:g}"
    return [
        stage.name,
        f"{steps:,}",
        str(stage.batch_size),
        str(stage.crop_size),
        rate,
        str(stage.warmup_steps),
        f"{stage.lattice_share:.0%}",
        f"{stage.block_share:.0%}",
        stage.norm.replace("_", " "),
        f"{stage.weight_average:g}" if stage.weight_average else "none",
    ]


def _terms(run: RunRecord) -> str:
    names = tuple(LossWeights.model_fields)
    rows = [
        [stage.name, *(f"{stage.weights.model_dump()[name]:g}" for name in names)]
        for stage in run.recipe.stages
    ]
    return table(["weight of", *map(_words, names)], rows)


def _speed(run: RunRecord, network: PConvUNet, peak_tflops: float | None) -> str:
    header = ["speed of", "samples", "samples/s", "TFLOP/s"]
    if peak_tflops:
        header.append("share of peak")
    rows = [_speed_row(run, stage, network, peak_tflops) for stage in run.recipe.stages]
    explanation = "Medians over epochs; operations are counted for convolutions alone" + (
        f", the peak is {peak_tflops:g} TFLOP/s." if peak_tflops else "."
    )
    return f"{table(header, rows)}\n\n{explanation}"


def _speed_row(
    run: RunRecord, stage: Stage, network: PConvUNet, peak_tflops: float | None
) -> list[str]:
    speed = run.typical(stage, "images_per_second") or 0.0
    operations = operations_per_sample(network, stage.crop_size, stage.weights)
    tflops = speed * operations / TERA
    row = [
        stage.name,
        f"{run.steps(stage) * stage.batch_size:,}",
        f"{speed:.3g}",
        f"{tflops:.3g}",
    ]
    return [*row, f"{tflops / peak_tflops:.1%}"] if peak_tflops else row


def _gradients(run: RunRecord) -> str:
    norms = run.last_gradient_norms()
    if not norms:
        return ""
    hole = norms.get("hole")
    rows = [
        [_words(name), f"{norm:.2e}", f"{norm / hole:.2f}" if hole else ""]
        for name, norm in norms.items()
    ]
    header = ["weighted term, at the end", "gradient norm at the output", "over the hole term's"]
    return table(header, rows)


def _words(name: str) -> str:
    return name.replace("_", " ")
