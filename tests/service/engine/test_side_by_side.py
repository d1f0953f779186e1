import threading

import pytest

from service.engine.side_by_side import MAX_RUNS, SideBySide, runs_for, threads_beside


class Session:
    """Notes its runs; each waits for the gate."""

    def __init__(self, name: str, began: threading.Semaphore) -> None:
        self.name = name
        self.gate = threading.Semaphore(0)
        self._began = began

    def run(self, outputs, feed):
        self._began.release()
        assert self.gate.acquire(timeout=30)
        if feed == "broken":
            raise RuntimeError(self.name)
        return self.name


@pytest.fixture
def began():
    return threading.Semaphore(0)


@pytest.fixture
def call(began):
    """Starts a run in a thread and waits until a session has it; its answer comes into a list."""

    def start(sessions: SideBySide) -> tuple[threading.Thread, list[str]]:
        answers: list[str] = []
        thread = threading.Thread(target=lambda: answers.append(sessions.run([], {})))
        thread.start()
        assert began.acquire(timeout=30)
        return thread, answers

    return start


def test_a_run_beside_another_has_the_other_session(call, began):
    alone, beside = Session("alone", began), Session("beside", began)
    sessions = SideBySide(alone, beside)
    first, second = call(sessions), call(sessions)
    alone.gate.release()
    first[0].join(30)
    third = call(sessions)  # beside the second
    beside.gate.release(2)
    for thread, _ in (second, third):
        thread.join(30)
    fourth = call(sessions)
    alone.gate.release()
    fourth[0].join(30)
    assert [answers for _, answers in (first, second, third, fourth)] == [
        ["alone"],
        ["beside"],
        ["beside"],
        ["alone"],
    ]


def test_without_another_session_all_runs_have_the_one(call, began):
    alone = Session("alone", began)
    sessions = SideBySide(alone, None)
    runs = [call(sessions), call(sessions)]
    alone.gate.release(2)
    for thread, answers in runs:
        thread.join(30)
        assert answers == ["alone"]


def test_a_run_that_fails_is_over(began):
    alone, beside = Session("alone", began), Session("beside", began)
    sessions = SideBySide(alone, beside)
    alone.gate.release(2)
    with pytest.raises(RuntimeError, match="alone"):
        sessions.run([], "broken")
    assert sessions.run([], {}) == "alone"


@pytest.mark.parametrize(("threads", "runs"), [(1, 1), (2, 2), (3, 3), (64, MAX_RUNS)])
def test_runs_follow_the_threads(threads, runs):
    assert runs_for(threads) == runs


@pytest.mark.parametrize(("threads", "beside"), [(2, 1), (4, 1), (8, 5), (64, 61)])
def test_callers_and_the_threads_they_share_are_all_the_threads(threads, beside):
    runs = runs_for(threads)
    assert threads_beside(threads, runs) == beside
    assert runs + beside - 1 == threads
