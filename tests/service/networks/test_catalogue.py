import logging

import pytest

from service.engine.base import EngineError
from service.networks.catalogue import read_catalogue
from tests.service.servers import settings_of


def folder_of(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(name.encode())
    return folder


def names_of(**values):
    catalogue = read_catalogue(settings_of(**({"engine": "onnx"} | values)))
    assert next(iter(catalogue.files)) == catalogue.default
    return list(catalogue.files)


def test_without_a_folder_there_is_the_default_one(tmp_path):
    assert names_of() == ["inpaint"]
    assert names_of(model=tmp_path / "my model.int8.onnx") == ["my model"]
    assert list(read_catalogue(settings_of()).files) == ["dummy"]


def test_the_networks_of_a_folder_follow_the_default_one(tmp_path):
    folder = folder_of(tmp_path, "b.onnx", "a.onnx", "notes.txt", ".hidden.onnx", "a.toml")
    (folder / "c.onnx").mkdir()
    assert names_of(models=folder) == ["inpaint", "a", "b"]
    assert names_of(models=folder, engine="dummy") == ["dummy", "a", "b"]


def test_a_variant_beside_its_network_is_none_of_its_own(tmp_path):
    folder = folder_of(tmp_path, "a.onnx", "a.int8.onnx", "a.fp16.onnx", "b.int8.onnx")
    assert names_of(models=folder, model="a") == ["a", "b.int8"]


@pytest.mark.parametrize("by", ["name", "path", "link"])
def test_the_default_may_be_one_of_the_folder(tmp_path, by):
    folder = folder_of(tmp_path / "models", "a.onnx", "b.onnx")
    link = tmp_path / "link.onnx"
    link.symlink_to(folder / "b.onnx")
    settings = settings_of(
        engine="onnx",
        models=folder,
        model={"name": "b", "path": folder / "b.onnx", "link": link}[by],
    )
    assert list(read_catalogue(settings).files) == ["b", "a"]
    assert settings.model_file.samefile(folder / "b.onnx")


def test_a_default_that_is_nowhere_is_told_with_those_there_are(tmp_path):
    folder = folder_of(tmp_path, "a.onnx", "b.onnx")
    with pytest.raises(EngineError, match=r"there is no model lama: .*: a, b$"):
        names_of(models=folder, model="lama")


def test_two_networks_of_one_name_are_refused(tmp_path):
    folder = folder_of(tmp_path / "models", "a.onnx")
    other = folder_of(tmp_path / "others", "a.onnx") / "a.onnx"
    with pytest.raises(EngineError, match=r"two networks are called a: .*INPAINT_MODEL=a"):
        names_of(models=folder, model=other)


def test_names_that_headers_cannot_carry_are_left_out(tmp_path, caplog):
    folder = folder_of(tmp_path, "a.onnx", "\u00e4.onnx", "b c.onnx", "x" * 101 + ".onnx")
    with caplog.at_level(logging.WARNING):
        assert names_of(models=folder) == ["inpaint", "a"]
    assert caplog.text.count("is not offered: rename it") == 3
    with pytest.raises(EngineError, match=r"b c\.onnx cannot be offered beside others"):
        names_of(models=folder, model=folder_of(tmp_path / "o", "b c.onnx") / "b c.onnx")
