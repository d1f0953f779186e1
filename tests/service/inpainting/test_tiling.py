import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from service.inpainting.boxes import Box
from service.inpainting.tiling import WindowGrid, smallest_size, window_around
from tests.service.inpainting.grids import window_grid


def test_smallest_size() -> None:
    assert smallest_size(Box(0, 0, 64, 3), (64, 128)) == 64
    assert smallest_size(Box(0, 0, 3, 65), (64, 128)) == 128
    assert smallest_size(Box(0, 0, 129, 1), (64, 128)) is None


def test_a_window_is_moved_inside_the_photo_before_it_is_padded() -> None:
    assert window_around(Box(0, 90, 10, 100), 64, 100, 100) == Box(0, 36, 64, 100)
    assert window_around(Box(40, 40, 60, 60), 64, 100, 100) == Box(18, 18, 82, 82)


def test_padding_is_shared_by_both_ends_of_a_short_photo() -> None:
    window = window_around(Box(0, 0, 1, 3), 64, 1, 33)
    assert window == Box(-31, -15, 33, 49)


extent = st.tuples(st.integers(0, 700), st.integers(1, 700), st.integers(0, 500))


@settings(deadline=None)
@given(vertical=extent, horizontal=extent, size=st.sampled_from([16, 64, 100, 512]))
def test_a_grid_covers_its_box_inside_the_photo(
    vertical: tuple[int, int, int], horizontal: tuple[int, int, int], size: int
) -> None:
    (top, height, below), (left, width, right) = vertical, horizontal
    box = Box(top, left, top + height, left + width)
    photo_height, photo_width = box.bottom + below, box.right + right
    windows = window_grid(box, size, size // 4, photo_height, photo_width)
    covered = np.zeros((photo_height, photo_width), np.bool_)
    for window in windows:
        assert window.height == window.width == size
        covered[window.clip(photo_height, photo_width).slices] = True
        if photo_height >= size:
            assert 0 <= window.top <= photo_height - size
        if photo_width >= size:
            assert 0 <= window.left <= photo_width - size
    assert covered[box.slices].all()
    assert windows == sorted(set(windows))


def test_neighbours_in_a_grid_overlap_enough() -> None:
    tops = [window.top for window in window_grid(Box(0, 0, 1000, 10), 256, 64, 1000, 1000)]
    assert tops[0] == 0
    assert tops[-1] == 1000 - 256
    assert max(np.diff(tops)) <= 256 - 64


@settings(deadline=None)
@given(
    cells=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=6),
    side=st.sampled_from([0.25, 1.0, 4.0, 8.0, 64.0]),
    size=st.sampled_from([16, 64]),
)
def test_a_grid_s_windows_that_touch_cells_are_found(
    cells: list[tuple[int, int]], side: float, size: int
) -> None:
    grid = WindowGrid.over(Box(0, 0, 300, 200), size, size // 4, 310, 210)
    expected = [
        Box(top, left, top + size, left + size)
        for top in grid.tops
        for left in grid.lefts
        if any(
            top < (row + 1) * side
            and row * side < top + size
            and left < (column + 1) * side
            and column * side < left + size
            for row, column in cells
        )
    ]
    assert grid.touching(np.array(cells), side) == expected
