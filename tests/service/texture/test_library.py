import shlex
import sys

import pytest

from service.texture import compiling as build
from service.texture.library import LibraryError, kernels, load


def test_the_installed_library_is_made_of_the_present_sources():
    assert kernels().texture_digest() == build.digest().encode()


def test_a_missing_library_is_refused_in_words(tmp_path):
    with pytest.raises(LibraryError, match=r"missing; build it with .python -m service.texture"):
        load(tmp_path / "kernels.so")


def test_something_else_is_refused_in_words(tmp_path):
    path = tmp_path / "kernels.so"
    path.write_bytes(b"not a library")
    with pytest.raises(LibraryError, match="cannot be loaded"):
        load(path)


def test_a_library_of_other_sources_is_refused(monkeypatch):
    monkeypatch.setattr("service.texture.library.digest", lambda: "0" * 64)
    with pytest.raises(LibraryError, match="compiled from other sources"):
        load(build.FOLDER / build.LIBRARY)


def test_the_digest_follows_the_sources(monkeypatch, tmp_path):
    for path in build.SOURCES.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    before = build.digest()
    monkeypatch.setattr(build, "SOURCES", tmp_path)
    assert build.digest() == before
    (tmp_path / "vote.c").write_text("int other;")
    assert build.digest() != before


def test_the_variable_names_the_compiler_and_its_failure_is_told(monkeypatch, tmp_path):
    failing = [sys.executable, "-c", "import sys; sys.exit('no such thing')"]
    monkeypatch.setenv("INPAINT_CC", shlex.join(failing))
    with pytest.raises(build.BuildError, match="no such thing"):
        build.build(tmp_path / "kernels.so")
    assert list(tmp_path.iterdir()) == []


def test_without_a_compiler_it_says_what_to_do(monkeypatch):
    monkeypatch.delenv("INPAINT_CC", raising=False)
    monkeypatch.setattr(build.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(build.shutil, "which", lambda _: None)
    with pytest.raises(build.BuildError, match="pip install ziglang"):
        build.compiler()


def test_every_compiler_is_told_which_processors_to_compile_for(monkeypatch):
    monkeypatch.setattr(build.platform, "machine", lambda: "x86_64")
    assert build.baseline(["gcc"]) == ["-march=x86-64-v2"]
    assert build.baseline(["python", "-m", "ziglang", "cc"]) == ["-mcpu=x86_64_v2"]
    monkeypatch.setattr(build.platform, "machine", lambda: "aarch64")
    assert build.baseline(["gcc"]) == []
    assert build.baseline(["zig", "cc"]) == ["-mcpu=baseline"]
