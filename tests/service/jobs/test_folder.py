import pytest

from service.errors import Unavailable
from service.jobs.folder import PIECE_BYTES, ResultFolder


@pytest.fixture
def folder(tmp_path):
    return ResultFolder(tmp_path, max_bytes=4 * PIECE_BYTES)


def read(result) -> bytes:
    with result.reading() as pieces:
        return b"".join(pieces)


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, PIECE_BYTES + 1])
def test_a_result_is_read_as_it_was_written_and_more_than_once(folder, size, tmp_path):
    data = bytes(i % 251 for i in range(size))
    result = folder.open(10)
    result.write(data)
    assert (read(result), read(result), result.size) == (data, data, size)
    assert folder.bytes == size
    assert list(tmp_path.iterdir()) == []  # it has no name
    result.close()
    assert folder.bytes == 0


def test_room_is_kept_free_for_what_is_expected(folder):
    folder.open(3 * PIECE_BYTES)
    assert folder.fits(PIECE_BYTES)
    assert not folder.fits(PIECE_BYTES + 1)
    with pytest.raises(Unavailable, match="no room"):
        folder.open(PIECE_BYTES + 1)
    assert folder.bytes == 3 * PIECE_BYTES


def test_more_than_there_ever_is_counts_as_all(folder):
    assert folder.fits(100 * PIECE_BYTES)
    result = folder.open(100 * PIECE_BYTES)
    assert not folder.fits(1)
    with pytest.raises(Unavailable):
        result.write(bytes(4 * PIECE_BYTES + 1))
    result.write(bytes(PIECE_BYTES))  # less than expected: the rest is free again
    assert folder.fits(3 * PIECE_BYTES)


def test_who_has_begun_to_read_reads_to_the_end(folder):
    result = folder.open(0)
    result.write(bytes(2 * PIECE_BYTES))
    with result.reading() as pieces:
        next(pieces)
        result.close()
        result.close()
        assert len(next(pieces)) == PIECE_BYTES
    with pytest.raises(FileNotFoundError), result.reading():
        pass
    result.write(b"of a run that was under way")
    assert folder.bytes == 0


def test_a_folder_that_is_not_there_is_a_refusal(tmp_path):
    with pytest.raises(Unavailable, match="disk"):
        ResultFolder(tmp_path / "nowhere", 10).open(1)
