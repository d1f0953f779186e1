import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from training.commands import evaluate
from training.evaluation.models import load_model


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    return evaluate.run(parser.parse_args(words))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(2):
        noise = np.random.default_rng(seed).integers(0, 256, (260, 270, 3)).astype(np.uint8)
        cv2.imwrite(str(folder / f"{seed}.png"), cv2.GaussianBlur(noise, (0, 0), 3))
    return folder


@pytest.fixture
def mask_painter(tmp_path: Path) -> Path:
    """An ONNX model of the contract whose prediction is its mask, in all three channels."""
    sides = ["batch", "height", "width"]
    image, mask, prediction = (
        helper.make_tensor_value_info(name, TensorProto.UINT8, [*sides, channels])
        for name, channels in (("image", 3), ("mask", 1), ("prediction", 3))
    )
    concat = helper.make_node("Concat", ["mask", "mask", "mask"], ["prediction"], axis=3)
    graph = helper.make_graph([concat], "painter", [image, mask], [prediction])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path = tmp_path / "painter.onnx"
    onnx.save(model, path)
    return path


def test_onnx_models_get_the_polarity_of_the_contract(mask_painter: Path) -> None:
    mask = np.ones((1, 8, 8), np.uint8)
    mask[0, 2:4] = 0
    prediction = load_model(mask_painter)(np.zeros((1, 8, 8, 3), np.uint8), mask)
    assert (prediction[mask == 0] != 0).all()
    assert (prediction[mask == 1] == 0).all()


def test_keras_models_predict_rounded_pictures(tmp_path: Path) -> None:
    from training.unet import PConvUNet

    network = PConvUNet(levels=2, width=4, max_width=4)
    path = tmp_path / "tiny.keras"
    network.save(path)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2, 16, 16, 3)).astype(np.uint8)
    masks = rng.integers(0, 2, (2, 16, 16)).astype(np.uint8)
    inputs = {"image": images.astype(np.float32) / 255, "mask": masks[..., None].astype(np.float32)}
    expected = np.clip(np.asarray(network(inputs, training=False)), 0, 1) * 255
    prediction = load_model(path)(images, masks)
    assert prediction.dtype == np.uint8
    assert np.abs(prediction - expected).max() < 0.501


def test_missing_or_foreign_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"No model at .*none\.onnx"):
        load_model(tmp_path / "none.onnx")
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    copy = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    node = helper.make_node("Identity", ["x"], ["y"])
    graph = helper.make_graph([node], "other", [value], [copy])
    path = tmp_path / "other.onnx"
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    with pytest.raises(ValueError, match="not 'image' and 'mask'"):
        load_model(path)


def test_evaluation_prints_and_writes(
    photos: Path, mask_painter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures, sheet = tmp_path / "out" / "figures.json", tmp_path / "out" / "sheet.png"
    words = ("--json", str(figures), "--sheet", str(sheet), "--peers", "Telea", "mean colour")
    assert run(str(mask_painter), "--photos", str(photos), *words) == 0
    text = capsys.readouterr().out
    assert "model over best peer" in text
    assert "lattice averaged, bicubic" in text
    content = json.loads(figures.read_text())
    assert content["model"]["file"] == "painter.onnx"
    assert list(content["groups"]["0.1-0.2"]) == ["Telea", "mean colour", "model"]
    # 16 numbers over two photos name six of either's cases twice or more; each is shown once.
    assert cv2.imread(str(sheet)).shape[0] > 8 * 256


def test_peers_alone_and_fewer_photos(photos: Path, tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    assert run("--photos", str(photos), "--limit", "1", "--peers", "--json", str(figures)) == 0
    content = json.loads(figures.read_text())
    assert content["model"] is None
    assert content["protocol"]["photos"] == 1
    assert content["groups"]["0.1-0.2"] == {}
    assert list(content["groups"]["lattice sampled"]) == ["bicubic"]


def test_cases_of_the_sheet_are_picked_by_number(
    photos: Path, mask_painter: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.png"
    words = ("--photos", str(photos), "--peers", "--sheet", str(sheet), "--cases", "9")
    assert run(str(mask_painter), *words) == 0
    assert cv2.imread(str(sheet)).shape[0] < 2 * 256


def test_senseless_options_are_refused(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="a sheet shows a model's pictures"):
        run("--photos", str(photos), "--sheet", "sheet.png")
    with pytest.raises(ValueError, match="cases of 1 photos are numbered 0 to 7"):
        run("--photos", str(photos), "--limit", "1", "--cases", "3", "8")
    with pytest.raises(SystemExit):
        run("--photos", str(photos), "--limit", "0")
    assert "0 is not above 0" in capsys.readouterr().err
