"""Several devices share a batch."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from training.learning.devices import check_batch, put, writes

# A process has as many devices as it was started with, so one of its own; it learns twice.
SCRIPT = """
import json

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from tests.training.toys import ToyCall, toy_masks, toy_photos, toy_stage
from training.drawing.holes import pack
from training.learning import devices
from training.learning.loop import Progress, StageLoop
from training.learning.step import begin
from training.learning.store import PhotoStore
from training.recipe import Augmentation

CHANGES = Augmentation(flip=True, min_scale=0.8, brightness=0.1, tint=0.1)


class OfTheBatch(ToyCall):
    # What batch norm has too: an answer that depends on all of the batch.
    def __init__(self):
        self.parts = []

    def __call__(self, params, stats, image, mask, norm):
        note = lambda sharding: self.parts.append(sharding.shard_shape(image.shape))
        jax.debug.inspect_array_sharding(image, callback=note)
        y, stats = super().__call__(params, stats, image, mask, norm)
        return y * (0.5 + y.std((0, 1, 2))), stats


def learn(count):
    mesh = Mesh(np.array(jax.devices()[:count]), (devices.BATCH,))
    devices.mesh = lambda: mesh
    stage = toy_stage(steps=3, batch_size=4, clip_norm=1.0)
    call, store = OfTheBatch(), PhotoStore(toy_photos())
    fixed = {"masks": devices.put(pack(toy_masks())), "vgg": {}}
    loop = StageLoop(stage, CHANGES, call, store, fixed, jax.random.key(3), jnp.float32)
    state, figures = loop.run(begin(stage, *call.arrays()), Progress(stage), 3, lambda *_: None)
    return {
        "parts": call.parts,
        "learnt": [np.asarray(value).tolist() for value in state["params"] + state["stats"]],
        "figures": figures,
    }


print(json.dumps([learn(1), learn(2)]))
"""


@pytest.fixture(scope="module")
def one_and_two():
    quick = "--xla_backend_optimization_level=0"  # compiling takes longer than running
    flags = {
        "XLA_FLAGS": f"--xla_force_host_platform_device_count=2 {quick}",
        "JAX_PLATFORMS": "cpu",
    }
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, env=os.environ | flags, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_two_devices_learn_what_one_does_from_half_a_batch_each(one_and_two):
    one, two = one_and_two
    assert one["parts"] == [[4, 16, 16, 3]]
    assert two["parts"] == [[2, 16, 16, 3]]
    for here, there in zip(one["learnt"], two["learnt"], strict=True):
        np.testing.assert_allclose(here, there, atol=1e-5)
    assert two["figures"] == pytest.approx(one["figures"], rel=1e-4)


def test_unequal_parts_are_refused(monkeypatch):
    monkeypatch.setattr("jax.device_count", lambda: 4)
    check_batch(SimpleNamespace(name="fits", batch_size=8))
    with pytest.raises(ValueError, match=r"Stage 'six': a batch of 6 .* 4 devices.* such as 8,"):
        check_batch(SimpleNamespace(name="six", batch_size=6))


def test_alone_a_process_writes_and_holds_everything():
    assert writes()
    held = put({"a": np.arange(3), "b": [np.ones(2, np.uint8)]})
    assert np.array_equal(held["a"], [0, 1, 2])
    assert held["b"][0].dtype == np.uint8
