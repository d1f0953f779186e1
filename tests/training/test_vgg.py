"""VGG16 features from every weight source."""

import h5py
import keras
import numpy as np
import pytest
from keras import ops

from training.vgg import (
    BLOCKS,
    CAFFE,
    CAFFE_FEATURE_SCALE,
    CONVOLUTIONS,
    PYTORCH,
    VGGFeatures,
    VGGSource,
    load_vgg_source,
    measure_feature_scale,
)


@pytest.fixture(scope="module")
def weights():
    """Random weights of VGG16's shapes that keep activations of a natural size."""
    rng = np.random.default_rng(0)
    arrays, channels = {}, 3
    widths = [features for features, count in BLOCKS for _ in range(count)]
    for name, features in zip(CONVOLUTIONS, widths, strict=True):
        deviation = np.sqrt(2 / (9 * channels))
        kernel = rng.normal(scale=deviation, size=(3, 3, channels, features)).astype(np.float32)
        arrays[name] = (kernel, rng.normal(scale=0.1, size=features).astype(np.float32))
        channels = features
    return arrays


def reference_pools(weights, picture, preprocessing):
    """Pools of one (H, W, 3) picture 0..1: a sum over shifted pictures instead of a convolution."""
    x = picture.astype(np.float64) * 255
    if preprocessing.bgr:
        x = x[..., ::-1]
    x = (x - preprocessing.mean) / preprocessing.deviation
    pools = []
    for block, (_, count) in enumerate(BLOCKS, start=1):
        for index in range(1, count + 1):
            kernel, bias = weights[f"block{block}_conv{index}"]
            padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
            height, width = x.shape[:2]
            x = sum(
                padded[i : i + height, j : j + width] @ kernel[i, j].astype(np.float64)
                for i in range(3)
                for j in range(3)
            )
            x = np.maximum(x + bias, 0)
        height, width, channels = x.shape
        x = x.reshape(height // 2, 2, width // 2, 2, channels).max(axis=(1, 3))
        pools.append(x)
    return pools


def write_npz(path, weights):
    arrays = {}
    for name, (kernel, bias) in weights.items():
        arrays |= {f"{name}/kernel": kernel, f"{name}/bias": bias}
    np.savez(path, **arrays)


def write_h5(path, weights, names):
    """`names` are templates of the two data sets' paths below the layer."""
    with h5py.File(path, "w") as file:
        for name, (kernel, bias) in weights.items():
            file[f"{name}/{names[0].format(name)}"] = kernel
            file[f"{name}/{names[1].format(name)}"] = bias


def assert_features(source, weights, preprocessing):
    picture = np.random.default_rng(1).random((16, 24, 3)).astype(np.float32)
    features = VGGFeatures(source, feature_scale=(2, 3, 4))
    pools = features(picture[None])
    expected = reference_pools(weights, picture, preprocessing)
    for pool, wanted, scale in zip(pools, expected, (2, 3, 4), strict=True):
        np.testing.assert_allclose(
            ops.convert_to_numpy(pool)[0] * scale, wanted, rtol=1e-3, atol=1e-3 * wanted.max()
        )


def test_npz_of_the_caffe_convention(tmp_path, weights):
    write_npz(tmp_path / "vgg.npz", weights)
    source = load_vgg_source(tmp_path / "vgg.npz")
    assert source.feature_scale == CAFFE_FEATURE_SCALE
    assert_features(source, weights, CAFFE)


@pytest.mark.parametrize(
    "names",
    [("{0}_W_1:0", "{0}_b_1:0"), ("{0}/kernel:0", "{0}/bias:0")],
    ids=["keras 2.0", "keras 2.2 and later"],
)
def test_h5_ported_from_pytorch(tmp_path, weights, names):
    write_h5(tmp_path / "vgg.h5", weights, names)
    source = load_vgg_source(tmp_path / "vgg.h5")
    assert source.feature_scale is None
    assert_features(source, weights, PYTORCH)


def test_keras_applications(monkeypatch, weights):
    """The download is replaced; Keras's own architecture stays."""
    original = keras.applications.VGG16

    def offline(weights, include_top):
        assert weights == "imagenet"
        model = original(weights=None, include_top=include_top)
        for name, arrays in given.items():
            model.get_layer(name).set_weights(arrays)
        return model

    given = weights
    monkeypatch.setattr(keras.applications, "VGG16", offline)
    assert_features(load_vgg_source("imagenet"), weights, CAFFE)


def test_a_failed_download_says_what_to_do_instead(monkeypatch):
    def offline(**_):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.applications, "VGG16", offline)
    with pytest.raises(OSError, match=r"download.*URL fetch failure.*--vgg"):
        load_vgg_source("imagenet")


def test_features_are_frozen_and_divided_by_the_sources_scale(weights):
    picture = np.random.default_rng(1).random((1, 16, 16, 3)).astype(np.float32)
    source = VGGSource("test", weights, CAFFE, (2.0, 4.0, 8.0))
    scaled, raw = VGGFeatures(source), VGGFeatures(source, feature_scale=(1, 1, 1))
    assert not scaled.trainable_variables
    for a, b, scale in zip(scaled(picture), raw(picture), (2, 4, 8), strict=True):
        np.testing.assert_allclose(
            ops.convert_to_numpy(a) * scale, ops.convert_to_numpy(b), rtol=1e-5
        )


def test_the_measured_scale_makes_the_root_mean_square_one(weights):
    photos = np.random.default_rng(2).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    source = VGGSource("test", weights, PYTORCH, None)
    scale = measure_feature_scale(source, photos)
    for pool in VGGFeatures(source, scale)(photos.astype(np.float32) / 255):
        assert np.sqrt(np.mean(np.square(ops.convert_to_numpy(pool)))) == pytest.approx(1, rel=1e-4)


def test_says_what_is_wrong_with_a_file(tmp_path, weights):
    with pytest.raises(FileNotFoundError, match="No VGG16 weights"):
        load_vgg_source(tmp_path / "missing.npz")
    (tmp_path / "vgg.pt").write_bytes(b"")
    with pytest.raises(ValueError, match=r"an \.npz or an \.h5"):
        load_vgg_source(tmp_path / "vgg.pt")
    partial = {name: arrays for name, arrays in weights.items() if name != "block2_conv2"}
    write_npz(tmp_path / "partial.npz", partial)
    with pytest.raises(ValueError, match="block2_conv2"):
        load_vgg_source(tmp_path / "partial.npz")
    write_h5(tmp_path / "partial.h5", partial, ("kernel:0", "bias:0"))
    with pytest.raises(ValueError, match="block2_conv2"):
        load_vgg_source(tmp_path / "partial.h5")
