"""VGG16, AlexNet and LPIPS against NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from training.evaluation.distance import Distance, load_distance
from training.features.alexnet import LAYERS, alexnet_features
from training.features.vgg16 import BLOCKS, CONVOLUTIONS, vgg16_features
from training.losses.lpips import lpips


def convolve(x, kernel, bias, stride, padding):
    """A sum over shifted pictures instead of a convolution; then ReLU. (H, W, C)."""
    x = np.pad(x, ((padding, padding), (padding, padding), (0, 0)))
    side = kernel.shape[0]
    rows, columns = ((length - side) // stride + 1 for length in x.shape[:2])
    y = np.zeros((rows, columns, kernel.shape[3])) + bias
    for i in range(side):
        for j in range(side):
            part = x[i : i + stride * rows : stride, j : j + stride * columns : stride]
            y += part @ kernel[i, j].astype(np.float64)
    return np.maximum(y, 0)


def pool(x, side):
    rows, columns = ((length - side) // 2 + 1 for length in x.shape[:2])
    parts = [
        x[i : i + 2 * rows - 1 : 2, j : j + 2 * columns - 1 : 2]
        for i in range(side)
        for j in range(side)
    ]
    return np.max(parts, axis=0)


def imagenet(picture):
    """The usual mean and deviation on the scale 0..1; LPIPS rounds them."""
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    return (picture.astype(np.float64) - mean) / deviation


@pytest.fixture(scope="module")
def vgg(trees):
    layers = trees["vgg16"]["VGG16_0"]
    return {
        f"{name}/{part}": layers[f"Conv_{number}"][part]
        for number, name in enumerate(CONVOLUTIONS)
        for part in ("kernel", "bias")
    }


@pytest.fixture(scope="module")
def alexnet(trees):
    out = {
        f"conv{number + 1}/{part}": trees["alexnet"]["AlexNet_0"][f"Conv_{number}"][part]
        for number in range(len(LAYERS))
        for part in ("kernel", "bias")
    }
    for depth in range(len(LAYERS)):
        kernel = trees["alexnet"][f"NetLinLayer_{depth}"]["Conv_0"]["kernel"]
        out[f"lin{depth}"] = kernel.reshape(-1)
    return out


def test_vgg16(vgg):
    picture = np.random.default_rng(1).random((18, 25, 3)).astype(np.float32)
    maps = vgg16_features(vgg, picture[None])
    x, names = imagenet(picture), iter(CONVOLUTIONS)
    assert len(maps) == 5
    for depth, (_, count) in enumerate(BLOCKS):
        x = pool(x, 2) if depth else x
        for _ in range(count):
            name = next(names)
            x = convolve(x, vgg[f"{name}/kernel"], vgg[f"{name}/bias"], 1, 1)
        np.testing.assert_allclose(maps[depth][0], x, rtol=1e-3, atol=1e-3 * x.max())


def test_vgg16_goes_no_deeper_than_asked(vgg):
    picture = np.zeros((1, 8, 8, 3), np.float32)
    deep, shallow = vgg16_features(vgg, picture), vgg16_features(vgg, picture, depth=2)
    assert len(shallow) == 2
    np.testing.assert_array_equal(deep[1], shallow[1])
    assert vgg16_features(vgg, picture, depth=1, dtype=jnp.bfloat16)[0].dtype == jnp.bfloat16


def alexnet_reference(weights, picture):
    x, maps = imagenet(picture), []
    for number, (_, _, stride, padding) in enumerate(LAYERS, 1):
        x = convolve(
            x, weights[f"conv{number}/kernel"], weights[f"conv{number}/bias"], stride, padding
        )
        maps.append(x)
        if number <= 2:
            x = pool(x, 3)
    return maps


def test_alexnet(alexnet):
    picture = np.random.default_rng(2).random((70, 95, 3)).astype(np.float32)
    maps = alexnet_features(alexnet, picture[None])
    for found, expected in zip(maps, alexnet_reference(alexnet, picture), strict=True):
        np.testing.assert_allclose(found[0], expected, rtol=1e-3, atol=1e-3 * expected.max())


def lpips_reference(weights, one, other):
    total = 0.0
    for depth, (a, b) in enumerate(zip(one, other, strict=True)):
        length = [np.sqrt((x**2).sum(-1, keepdims=True)) + 1e-10 for x in (a, b)]
        total += (((a / length[0] - b / length[1]) ** 2) @ weights[f"lin{depth}"]).mean()
    return total


def test_lpips_with_alexnet(alexnet):
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 256, (66, 80, 3), dtype=np.uint8)
    picture = rng.integers(0, 256, truth.shape, dtype=np.uint8)
    distance = Distance(alexnet)
    maps = [alexnet_reference(alexnet, image / 255) for image in (picture, truth)]
    assert distance(picture, truth) == pytest.approx(lpips_reference(alexnet, *maps), rel=1e-3)
    assert distance(truth, truth) < 1e-9
    # Another truth of the same size is looked at anew.
    assert distance(truth, picture) == pytest.approx(distance(picture, truth), rel=1e-5)


def test_lpips_of_a_batch_is_the_mean_and_has_a_gradient():
    rng = np.random.default_rng(4)
    shapes = ((2, 4, 4, 3), (2, 2, 2, 5))
    one, other = ([rng.random(shape).astype(np.float32) for shape in shapes] for _ in range(2))
    weights = {"lin0": np.array([0.5, 2, -1], np.float32), "lin1": np.ones(5, np.float32)}
    counted = {**weights, "lin0": np.maximum(weights["lin0"], 0)}
    expected = [
        lpips_reference(counted, [x[n] for x in one], [x[n] for x in other]) for n in range(2)
    ]
    assert float(lpips(weights, one, other)) == pytest.approx(np.mean(expected), rel=1e-4)
    dark = [np.zeros_like(x) for x in one]
    slopes = jax.grad(lambda maps: lpips(weights, maps, other))([jnp.asarray(x) for x in dark])
    assert all(np.isfinite(slope).all() for slope in slopes)


def test_without_its_weights_there_is_no_distance(tmp_path, monkeypatch, alexnet):
    monkeypatch.setattr("training.features.files.cache_folder", lambda: tmp_path)
    assert load_distance() is None
    with pytest.raises(FileNotFoundError, match="No weights at"):
        load_distance(tmp_path / "missing.npz")
    np.savez(tmp_path / "alexnet.npz", **alexnet)
    assert load_distance() is not None
