"""The model of many replicas against formulas of queueing theory and Little's law."""

import argparse

import numpy as np
import pytest

from benchmarks.replicas import Kind, Site, simulate
from benchmarks.simulate_replicas import costs_of, kinds_of, mix_of


@pytest.mark.parametrize("load", [0.6, 1.0, 1.5])
@pytest.mark.parametrize("works", [(0.2, 5.0)])
def test_refusals_of_a_replica_that_shares_itself(load: float, works: tuple[float, float]) -> None:
    """M/G/1-PS with room for K: the share refused depends on the mean work alone.

    P(full) = load^K / (1 + load + ... + load^K) (Kleinrock, Queueing Systems II, 1976, 4.4).
    """
    kinds = [Kind("a", 0.5, works[0]), Kind("b", 0.5, works[1])]
    room, mean = 4, sum(works) / 2
    run = simulate(Site(1, workers=room, queue=0), kinds, load / mean, 15_000 * mean)
    expected = load**room / sum(load**n for n in range(room + 1))
    assert run.refused_share == pytest.approx(expected, abs=0.015)


def test_waiting_for_the_only_worker() -> None:
    """M/D/1: a wait of load / (2 (1 - load)) services on average (Pollaczek and Khinchine)."""
    load = 0.7
    run = simulate(Site(1, workers=1, queue=10**6), [Kind("a", 1.0, 1.0)], load, 40_000)
    assert run.refused == {"a": 0}
    assert np.mean(run.latencies["a"]) == pytest.approx(1 + load / (2 * (1 - load)), rel=0.05)


def test_littles_law_and_balance() -> None:
    kinds = [Kind("small", 0.9, 0.1, 0.6), Kind("large", 0.1, 2.0, 0.8)]
    runs = {
        balance: simulate(Site(8, 4, 16, balance), kinds, 20.0, 800)
        for balance in ("least connections", "random")
    }
    for run in runs.values():
        latencies = [one for some in run.latencies.values() for one in some]
        arrived = run.answered / run.seconds
        assert run.present == pytest.approx(arrived * np.mean(latencies), rel=0.05)
    fewest, any_of_them = (np.percentile(run.latencies["small"], 95) for run in runs.values())
    assert fewest < 0.6 * any_of_them


def test_one_request_alone_is_as_fast_as_it_can_be() -> None:
    run = simulate(Site(50, 4, 16), [Kind("a", 1.0, 0.1, 0.5)], 1.0, 500)
    assert np.percentile(run.latencies["a"], 90) == pytest.approx(0.1 / 0.5)
    again = simulate(Site(50, 4, 16), [Kind("a", 1.0, 0.1, 0.5)], 1.0, 500)
    assert again.latencies == run.latencies
    with pytest.raises(ValueError, match="add up"):
        simulate(Site(1, 1, 1), [Kind("a", 0.5, 1.0)], 1.0, 1.0)


def test_costs_come_from_what_was_measured() -> None:
    rows = [
        {"request": "small hole", "texture": "on", "rate": 20.0, "alone_ms": 100.0},
        {"request": "12 MP", "texture": "on", "rate": 0.5, "alone_ms": 1500.0},
        {"request": "12 MP", "texture": "off", "rate": 1.0, "alone_ms": 1500.0},
    ]
    small, large = kinds_of({"rows": rows}, mix_of("small hole=30, 12 MP=10"), "on")
    assert small == Kind("small hole", 0.75, pytest.approx(0.05), pytest.approx(0.5))
    assert large == Kind("12 MP", 0.25, pytest.approx(2.0), 1.0)
    given = costs_of("small hole=20:100, 12 MP=0.5:1500")
    assert kinds_of(given, mix_of("small hole=30,12 MP=10"), "on") == [small, large]
    for wrong in ("huge=1", "small hole=0", "small hole"):
        with pytest.raises((argparse.ArgumentTypeError, ValueError)):
            mix_of(wrong)
