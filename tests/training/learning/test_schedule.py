"""Learning rate and the adversary's part."""

import math

import pytest

from tests.training.toys import toy_stage
from training.learning.loop import Progress, steps_per_dispatch
from training.learning.schedule import adversary_ramp, learning_rate


def test_the_rate_falls_along_a_cosine_after_its_warm_up():
    stage = toy_stage(learning_rate=1e-2, final_learning_rate=1e-3, warmup_steps=4)
    assert learning_rate(stage, 0, 0) == pytest.approx(1e-2 / 4)
    assert learning_rate(stage, 0, 3) == pytest.approx(1e-2)
    assert learning_rate(stage, 0.5, 50) == pytest.approx(5.5e-3)
    quarter = 1e-3 + 9e-3 * (1 + math.cos(math.pi / 4)) / 2
    assert learning_rate(stage, 0.25, 25) == pytest.approx(quarter)
    assert learning_rate(stage, 1, 100) == learning_rate(stage, 1.5, 150) == pytest.approx(1e-3)


def test_without_a_last_rate_it_stays():
    assert {learning_rate(toy_stage(), share, 7) for share in (0, 0.3, 1)} == {1e-2}


def test_the_adversary_comes_in_over_the_first_tenth():
    assert [adversary_ramp(share) for share in (0, 0.05, 0.1, 1)] == pytest.approx([0, 0.5, 1, 1])


def test_progress_by_steps_and_by_minutes():
    by_steps = Progress(toy_stage(steps=8), step=2, seconds=99)
    assert (by_steps.share, by_steps.share_at(4), by_steps.done) == (0.25, 0.5, False)
    assert Progress(toy_stage(steps=8), step=8).done
    by_time = toy_stage(steps=None, minutes=2)
    assert Progress(by_time, step=999, seconds=30).share == 0.25
    assert not Progress(by_time, seconds=119.9).done
    assert Progress(by_time, seconds=120).done


@pytest.mark.parametrize(
    ("stage", "epoch", "most"),
    [
        (toy_stage(steps=100), 20, 20),
        (toy_stage(steps=90), 20, 10),  # the last epoch has 10
        (toy_stage(steps=7), 20, 1),
        (toy_stage(steps=None, minutes=1), 30, 15),
    ],
)
def test_dispatches_divide_epochs_and_the_stages_end(monkeypatch, stage, epoch, most):
    class Accelerator:
        platform = "gpu"

    assert steps_per_dispatch(stage, 20, epoch) == 1  # a CPU
    monkeypatch.setattr("jax.devices", lambda: [Accelerator])
    assert steps_per_dispatch(stage, 20, epoch) == most
