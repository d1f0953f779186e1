import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.run_table import NEARLY, RunTable, batch_sizes

SECONDS = st.floats(1e-4, 10)


def test_the_cheapest_batch_wins_by_size():
    table = RunTable({256: {1: 1.0, 2: 1.6, 4: 3.0}, 512: {1: 4.0, 2: 8.4, 4: 20.0}})
    assert table.batches == {256: 4, 512: 1}
    assert table.window_seconds == {256: 0.75, 512: 4.0}


def test_a_smaller_batch_wins_where_it_costs_nearly_the_same():
    assert RunTable({8: {1: 1.02, 2: 2.0}}).batches == {8: 1}
    assert RunTable({8: {1: 1.05, 2: 2.0}}).batches == {8: 2}


@given(st.dictionaries(st.sampled_from([1, 2, 4, 8, 16]), SECONDS, min_size=1))
def test_no_batch_is_much_cheaper_than_the_one_chosen(runs):
    table = RunTable({64: runs})
    assert table.window_seconds[64] <= NEARLY * min(s / batch for batch, s in runs.items())


def test_sizes_that_were_not_measured_are_estimated_by_the_nearest_ones_pixels():
    table = RunTable({128: {1: 1.0}, 256: {1: 3.0}})
    assert table.estimate((128, 256, 512)) == {128: 1.0, 256: 3.0, 512: 12.0}


def test_tables_are_joined_and_the_newer_one_holds():
    joined = RunTable({8: {1: 1.0}, 16: {1: 2.0}}) | RunTable({16: {1: 3.0}})
    assert joined.window_seconds == {8: 1.0, 16: 3.0}


@pytest.mark.parametrize(
    ("most", "tried"), [(1, (1,)), (2, (1, 2)), (6, (1, 2, 4, 6)), (16, (1, 2, 4, 8, 16))]
)
def test_batches_to_try(most, tried):
    assert batch_sizes(most) == tried
