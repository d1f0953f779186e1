import threading

import pytest

from service.texture.crew import Crew


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_every_piece_is_done_once(threads):
    done = []
    crew = Crew(threads)
    crew.run(done.append, 100)
    crew.close()
    assert sorted(done) == list(range(100))


def test_pieces_may_ask_for_help_themselves():
    crew, done = Crew(3), []
    crew.run(lambda outer: crew.run(lambda inner: done.append((outer, inner)), 5), 6)
    crew.close()
    assert sorted(done) == [(outer, inner) for outer in range(6) for inner in range(5)]


def test_two_threads_work_at_once():
    crew, meeting = Crew(2), threading.Barrier(2, timeout=30)
    crew.run(lambda _: meeting.wait() and None, 2)  # stands still unless both are under way
    crew.close()


@pytest.mark.parametrize("threads", [1, 3])
def test_what_a_piece_raises_comes_out_and_the_rest_is_left(threads):
    crew, done = Crew(threads), []

    def piece(index):
        if index == 4:
            raise KeyError(index)
        done.append(index)

    with pytest.raises(KeyError):
        crew.run(piece, 10_000)
    crew.close()
    assert len(done) < 10_000


def test_nobody_is_asked_where_everybody_has_work_of_their_own():
    crew, workers = Crew(2), set()

    def piece(_):
        workers.add(threading.current_thread())

    with crew.present(), crew.present():
        crew.run(piece, 100)
    crew.close()
    assert workers == {threading.current_thread()}
