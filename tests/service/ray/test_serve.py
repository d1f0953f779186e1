"""What Ray Serve is told, and the application that it runs, without Ray."""

import asyncio
import sys

import httpx
import pytest
from pydantic import ValidationError

from service.engine.base import EngineError
from service.engine.dummy import DummyEngine
from service.ray.serve import (
    Arguments,
    build,
    check_alive,
    deployment_options,
    replica_app,
    replica_settings,
)
from tests.service.servers import SIZES, settings_of

TWO = Arguments(num_cpus=2, max_replicas=3)


def test_a_replica_has_the_threads_that_ray_counts_for_it():
    settings = replica_settings(settings_of(workers=0), TWO)
    assert (settings.threads, settings.workers) == (2, 4)
    half = replica_settings(settings_of(workers=0), Arguments(num_cpus=0.5))
    assert (half.threads, half.workers) == (1, 2)
    named = replica_settings(settings_of(threads=3, workers=5), TWO)
    assert (named.threads, named.workers) == (3, 5)


def test_the_replica_refuses_before_ray_does():
    settings = replica_settings(settings_of(workers=4, queue_size=10, shutdown_grace_s=7), TWO)
    options = deployment_options(settings, TWO)
    places = settings.worker_count + settings.queue_size
    assert options["max_ongoing_requests"] > places == 14
    assert options["autoscaling_config"] == {
        "min_replicas": 1,
        "max_replicas": 3,
        "target_ongoing_requests": 4,
    }
    assert options["graceful_shutdown_timeout_s"] == 7
    assert options["backpressure_config"]["status_code"] == 503
    assert options["max_queued_requests"] >= 100  # a burst is for the replica to refuse


def test_a_replica_may_take_a_part_of_a_gpu():
    part = Arguments(num_gpus=0.25)
    settings = replica_settings(settings_of(), part)
    assert settings.provider == "cuda"  # rather than a CPU beside a GPU that nobody else may use
    asked = deployment_options(settings, part)["ray_actor_options"]
    assert asked == {"num_cpus": 1, "num_gpus": 0.25}
    assert replica_settings(settings_of(), TWO).provider == "cpu"
    with pytest.raises(ValueError, match=r"num_gpus is 0\.25, but INPAINT_PROVIDER is cpu"):
        replica_settings(settings_of(provider="cpu"), part)
    with pytest.raises(ValueError, match="INPAINT_PROVIDER is cuda, but num_gpus is 0"):
        replica_settings(settings_of(provider="cuda"), TWO)


def test_jobs_are_for_one_replica():
    assert replica_settings(settings_of(), TWO).jobs_max == 0
    assert replica_settings(settings_of(), Arguments()).jobs_max == settings_of().jobs_max > 0


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"replicas": 2}, "Extra inputs"),
        ({"num_gpus": 2}, "less than or equal to 1"),
        ({"num_cpus": 0}, "greater than 0"),
        ({"min_replicas": 3, "max_replicas": 2}, "min_replicas is 3, max_replicas 2"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(given, why):
    with pytest.raises(ValidationError, match=why):
        Arguments.model_validate(given)


def test_arguments_come_as_text_from_the_command_line():
    assert Arguments.model_validate({"num_gpus": "0.5", "max_replicas": "4"}).num_gpus == 0.5


def test_without_ray_it_says_what_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match="extra `ray`"):
        build(Arguments())


def test_a_replica_has_started_when_its_engine_is_warm():
    app = replica_app(settings_of(), DummyEngine(SIZES))
    lifecycle = app.state.runtime.lifecycle

    async def ask():
        async with app.router.lifespan_context(app):
            assert lifecycle.ready
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://ray") as client:
                own = await client.get("/health/ready", headers={"X-Request-ID": "its own"})
                same = await client.get("/health/ready", headers={"X-Request-ID": "rays"})
        return own, same

    own, same = asyncio.run(ask())
    assert own.status_code == same.status_code == 200
    assert own.headers["X-Request-ID"] != "its own"
    assert "X-Request-ID" not in same.headers  # Ray's proxy says it


def test_a_replica_that_can_never_be_warm_does_not_start():
    class Cold(DummyEngine):
        def warm_up(self, sizes=None):
            raise RuntimeError("no memory")

    app = replica_app(settings_of(), Cold(SIZES))

    async def start():
        async with app.router.lifespan_context(app):
            pass

    with pytest.raises(EngineError, match="cannot be warmed up: no memory"):
        asyncio.run(start())


def test_a_replica_that_hangs_is_replaced():
    class Stage:
        stuck = False

    check_alive(Stage())
    Stage.stuck = True
    with pytest.raises(RuntimeError, match="does not respond"):
        check_alive(Stage())
