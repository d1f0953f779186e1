"""Stages by steps and by the clock, with a program that only counts."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest

from tests.training.toys import ToyCall, toy_photos, toy_stage
from training.learning.figures import finite
from training.learning.loop import Progress, StageLoop
from training.learning.store import PhotoStore


def loop(stage, dispatch=1, seconds_a_look=0.0):
    """A loop whose program notes its inputs; each look at its clock takes so long."""
    asked = []

    def program(state, key, inputs, data):
        asked.append(inputs)
        number = jnp.asarray(inputs["number"], jnp.float32)
        return {"steps": state["steps"] + dispatch}, {"loss": number, "twice": 2 * number}

    ticks = itertools.count()
    made = StageLoop(
        stage, None, ToyCall(), PhotoStore(toy_photos()), {}, None, jnp.float32, dispatch
    )
    made.clock = lambda: next(ticks) * seconds_a_look
    made._program = program
    return made, asked


def test_a_stage_by_steps_makes_them_all_and_means_their_figures():
    stage = toy_stage(steps=10, final_learning_rate=0)
    made, asked = loop(stage, dispatch=2)
    progress, shown = Progress(stage, step=2), []
    state, figures = made.run(
        {"steps": jnp.zeros(())}, progress, 6, lambda *seen: shown.append(seen)
    )
    assert progress.step == 8
    assert float(state["steps"]) == 6
    assert [inputs["number"].tolist() for inputs in asked] == [[2, 3], [4, 5], [6, 7]]
    assert figures == {"loss": pytest.approx(4.5), "twice": pytest.approx(9)}
    assert [steps for _, steps in shown] == [2, 2, 2]
    assert [seen["loss"] for seen, _ in shown] == [2.5, 4.5, 6.5]
    rates = np.concatenate([inputs["rate"] for inputs in asked])
    np.testing.assert_allclose(
        rates, 1e-2 * (1 + np.cos(np.pi * np.arange(2, 8) / 10)) / 2, rtol=1e-5
    )


def test_a_stage_by_minutes_ends_by_the_clock_and_its_rate_follows_it():
    stage = toy_stage(steps=None, minutes=1, final_learning_rate=0)
    made, asked = loop(stage, seconds_a_look=10)
    progress = Progress(stage)
    made.run({"steps": jnp.zeros(())}, progress, 1000, lambda *seen: None)
    assert progress.done
    assert progress.seconds >= 60
    assert len(asked) == progress.step == 6
    rates = [float(inputs["rate"][0]) for inputs in asked]
    np.testing.assert_allclose(
        rates, [1e-2 * (1 + np.cos(np.pi * share / 6)) / 2 for share in range(6)], rtol=1e-5
    )
    ramps = [float(inputs["ramp"][0]) for inputs in asked]
    assert ramps[0] == 0
    assert set(ramps[1:]) == {1}


def test_time_is_counted_on_over_epochs():
    stage = toy_stage(steps=None, minutes=1)
    made, asked = loop(stage, seconds_a_look=10)
    progress = Progress(stage)
    while not progress.done:
        made.run({"steps": jnp.zeros(())}, progress, 2, lambda *seen: None)
    # The last look of each epoch is after its work.
    assert [inputs["number"].tolist() for inputs in asked] == [[0], [1], [2], [3]]


def test_a_state_is_finite_or_not():
    assert finite({"a": [jnp.zeros(3)], "step": jnp.ones(())})
    for wrong in (np.nan, np.inf):
        assert not finite({"a": [jnp.array([0, wrong])]})
