from pathlib import Path

import pytest

from service.filling.whole_files import is_whole, write_whole
from tests.service.pictures import file_of, noise


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_file_that_is_cut_off_is_not_whole(tmp_path: Path, kind: str) -> None:
    path, content = tmp_path / "x", file_of(noise(40, 50), kind)
    write_whole(path, content)
    assert path.read_bytes() == content
    assert is_whole(path)
    for length in (0, 5, 11, 12, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        assert not is_whole(path)
    assert not is_whole(tmp_path / "none")
    assert not is_whole(tmp_path)


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(OSError, match="x"):
        write_whole(tmp_path / "x", b"abc")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
