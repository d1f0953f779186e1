"""Prometheus metrics of one server, all with the prefix `inpaint_`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

from service.engine.base import EngineInfo
from service.networks.network import Network
from service.record import Record

REQUEST_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
STEP_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
BATCH_BUCKETS = (1, 2, 3, 4, 6, 8, 12, 16, 32)


class Metrics:
    """What a server counts. Labels take few values: routes, statuses, steps and window sizes."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "inpaint_requests", "Requests answered", ["route", "status"], registry=self.registry
        )
        self.problems = Counter(
            "inpaint_problems", "Requests refused or failed", ["problem"], registry=self.registry
        )
        self.duration = Histogram(
            "inpaint_request_duration_seconds",
            "From the first byte of a request to the last of its answer",
            ["route"],
            buckets=REQUEST_BUCKETS,
            registry=self.registry,
        )
        self.steps = Histogram(
            "inpaint_step_duration_seconds",
            "Time of a request by step",
            ["step"],
            buckets=STEP_BUCKETS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "inpaint_requests_in_flight", "Requests being answered", registry=self.registry
        )
        self.windows = Counter(
            "inpaint_windows", "Windows predicted", ["size", "model"], registry=self.registry
        )
        self.texture = Counter(
            "inpaint_texture",
            "Photos by what became of their texture",
            ["outcome"],
            registry=self.registry,
        )
        self.batch = Histogram(
            "inpaint_batch_windows",
            "Windows of a run",
            buckets=BATCH_BUCKETS,
            registry=self.registry,
        )
        self.runs = Histogram(
            "inpaint_run_duration_seconds",
            "Time of a run",
            ["size", "model"],
            buckets=STEP_BUCKETS,
            registry=self.registry,
        )
        self.key_requests = Counter(
            "inpaint_key_requests",
            "Requests answered, by the name of the key that they came with",
            ["key", "route", "status"],
            registry=self.registry,
        )
        self.key_refusals = Counter(
            "inpaint_key_refusals",
            "Requests refused because of a limit of their key",
            ["key", "limit"],
            registry=self.registry,
        )
        self.key_pixels = Counter(
            "inpaint_key_pixels",
            "Pixels of photos answered, by the key's name",
            ["key"],
            registry=self.registry,
        )
        self.jobs = Counter(
            "inpaint_jobs_ended", "Jobs that have ended", ["outcome"], registry=self.registry
        )
        self.precision_seconds = Gauge(
            "inpaint_precision_seconds",
            "A window of the smallest size, where the faster precision was chosen",
            ["precision", "model"],
            registry=self.registry,
        )
        self.model = Info(
            "inpaint_model",
            "Models as they were last loaded, by the names that requests call them",
            ["model"],
            registry=self.registry,
        )
        self.loads = Counter(
            "inpaint_model_loads",
            "Models loaded, or not, after the start",
            ["model", "outcome"],
            registry=self.registry,
        )
        self.load_seconds = Gauge(
            "inpaint_model_load_seconds",
            "Time that the last load took",
            ["model"],
            registry=self.registry,
        )
        self.drops = Counter(
            "inpaint_model_drops",
            "Models dropped for others' sake",
            ["model"],
            registry=self.registry,
        )

    def count_from_zero(
        self, routes: Iterable[str], problems: Iterable[str], outcomes: Iterable[str]
    ) -> None:
        """Show what alerts look for before it happens: a rate needs a zero to rise from.

        Args:
            routes: Paths on which photos are filled.
            problems: Kinds of problems.
            outcomes: What may become of a photo's texture.
        """
        for route in routes:
            for status in (200, 500):
                self.requests.labels(route, status)
        for problem in problems:
            self.problems.labels(problem)
        for outcome in outcomes:
            self.texture.labels(outcome)

    def watch(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Add a gauge whose value is read when the metrics are."""
        Gauge(name, text, registry=self.registry).set_function(value)

    def describe_model(self, name: str, info: EngineInfo) -> None:
        """Say what a model that has been loaded is."""
        self.model.labels(name).info(
            {
                "name": info.name,
                "version": info.version,
                "provider": info.provider,
                "precision": info.precision,
            }
        )
        for precision, seconds in info.precision_seconds.items():
            self.precision_seconds.labels(precision, name).set(seconds)

    def watch_models(self, names: Sequence[str], loaded: Callable[[str], Network | None]) -> None:
        """Add gauges of which models are loaded, and of windows that wait for a run of each."""
        there = Gauge(
            "inpaint_model_loaded", "1 if it is loaded", ["model"], registry=self.registry
        )
        waiting = Gauge(
            "inpaint_lane_windows", "Windows waiting for a run", ["model"], registry=self.registry
        )
        for name in names:
            there.labels(name).set_function(partial(_is_loaded, loaded, name))
            waiting.labels(name).set_function(partial(_windows_waiting, loaded, name))

    def observe_load(self, name: str, network: Network | None, seconds: float) -> None:
        """Count a model that has been loaded, or not."""
        self.loads.labels(name, "failed" if network is None else "loaded").inc()
        if network is not None:
            self.load_seconds.labels(name).set(seconds)
            self.describe_model(name, network.info)

    def observe_drop(self, name: str) -> None:
        """Count a model that has been dropped."""
        self.drops.labels(name).inc()

    def observe_run(self, model: str, size: int, windows: int, seconds: float) -> None:
        """Count a run of an engine."""
        self.windows.labels(size, model).inc(windows)
        self.batch.observe(windows)
        self.runs.labels(size, model).observe(seconds)

    def observe_request(
        self, scope: Mapping[str, Any], record: Record, status: int, seconds: float
    ) -> str:
        """Count a request that has ended; returns the route it is counted under."""
        known = "app" in scope and record.route in scope["app"].state.paths
        route = record.route if known else "other"  # never a path that a client made up
        self.requests.labels(route, status).inc()
        self.duration.labels(route).observe(seconds)
        self._observe(record)
        if record.key is not None:
            self.key_requests.labels(record.key, route, status).inc()
        return route

    def observe_refusal(self, key: str, limit: str) -> None:
        """Count a request that was refused because of a limit of its key."""
        self.key_refusals.labels(key, limit).inc()

    def observe_pixels(self, key: str, pixels: int) -> None:
        """Count the pixels of a photo that was answered."""
        self.key_pixels.labels(key).inc(pixels)

    def watch_keys(self, names: Sequence[str], held_by: Callable[[str], int]) -> None:
        """Add a gauge of what each key has under way."""
        gauge = Gauge(
            "inpaint_key_under_way",
            "Requests and jobs under way by the key's name",
            ["key"],
            registry=self.registry,
        )
        for name in names:
            gauge.labels(name).set_function(partial(held_by, name))

    def observe_job(self, record: Record, outcome: str) -> None:
        """Count a job that has ended: `done`, `failed` or `cancelled`."""
        self.jobs.labels(outcome).inc()
        self._observe(record)

    def watch_jobs(self, states: Callable[[], Mapping[str, int]]) -> None:
        """Add a gauge of the jobs in each state."""
        gauge = Gauge("inpaint_jobs", "Jobs there are", ["state"], registry=self.registry)
        for state in states():
            gauge.labels(state).set_function(partial(_count, states, state))

    def _observe(self, record: Record) -> None:
        if record.problem:
            self.problems.labels(record.problem).inc()
        if record.texture:
            self.texture.labels(record.texture).inc()
        for step, took in record.timings.seconds.items():
            self.steps.labels(step).observe(took)

    def render(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)


def _count(states: Callable[[], Mapping[str, int]], state: str) -> int:
    return states()[state]


def _is_loaded(loaded: Callable[[str], Network | None], name: str) -> float:
    return float(loaded(name) is not None)


def _windows_waiting(loaded: Callable[[str], Network | None], name: str) -> float:
    network = loaded(name)
    return 0 if network is None else network.lane.waiting
