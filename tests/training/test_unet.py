"""The U-Net of partial convolutions."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from training.checkpoints import load_network
from training.unet import PConvUNet


def tiny():
    keras.utils.set_random_seed(0)
    return PConvUNet(levels=3, width=4)


def case(rng, height=16, width=24):
    image = rng.random((2, height, width, 3)).astype(np.float32)
    mask = np.ones((2, height, width, 1), np.float32)
    mask[:, 4:11, 5:13] = 0
    return {"image": image, "mask": mask}


def predict(network, inputs, **kwargs):
    return ops.convert_to_numpy(network(inputs, **kwargs))


def test_the_contract_network_has_the_paper_widths():
    network = PConvUNet()
    kernels = {
        layer.name: tuple(layer.kernel.shape)
        for layer in network.layers
        if layer.name.startswith(("encoder", "decoder")) and layer.name[-1].isdigit()
    }
    assert network.stride == 128
    assert network.count_params() == 25_788_692
    assert kernels["encoder1"] == (7, 7, 3, 64)
    assert kernels["encoder2"] == (5, 5, 64, 128)
    assert kernels["encoder3"] == (5, 5, 128, 256)
    assert kernels["encoder7"] == (3, 3, 512, 512)
    assert kernels["decoder7"] == (3, 3, 1024, 512)
    assert kernels["decoder1"] == (3, 3, 64 + 3, 3)


def test_the_papers_eight_levels_are_a_parameter():
    assert PConvUNet(levels=8, width=2).stride == 256


@pytest.mark.parametrize("size", [(8, 8), (16, 40)])
def test_any_multiple_of_the_stride_goes(size):
    inputs = {"image": np.zeros((1, *size, 3)), "mask": np.ones((1, *size, 1))}
    assert predict(tiny(), inputs).shape == (1, *size, 3)


def test_what_lies_under_the_hole_changes_no_bit():
    rng = np.random.default_rng(0)
    network, inputs = tiny(), case(rng)
    other = np.where(inputs["mask"] > 0, inputs["image"], rng.random(inputs["image"].shape))

    poisoned = {"image": other.astype(np.float32), "mask": inputs["mask"]}

    np.testing.assert_array_equal(predict(network, inputs), predict(network, poisoned))


def test_fills_the_hole_from_its_surroundings():
    inputs = case(np.random.default_rng(0))
    darker = {"image": inputs["image"] * 0.5, "mask": inputs["mask"]}
    network = tiny()
    change = predict(network, inputs) - predict(network, darker)
    assert np.abs(change[:, 4:11, 5:13]).min(axis=-1).all()


def test_inference_does_not_depend_on_the_batch():
    rng = np.random.default_rng(0)
    network, inputs = tiny(), case(rng)
    predict(network, inputs, training=True)
    alone = {name: value[:1] for name, value in inputs.items()}
    np.testing.assert_allclose(
        predict(network, inputs)[:1], predict(network, alone), rtol=1e-5, atol=1e-5
    )


def norms(network, part):
    return [
        layer
        for layer in network.layers
        if isinstance(layer, layers.BatchNormalization) and layer.name.startswith(part)
    ]


def test_batch_norm_follows_training_and_the_freeze():
    network, inputs = tiny(), case(np.random.default_rng(0))

    def moves(layer):
        before = ops.convert_to_numpy(layer.moving_mean).copy()
        network(inputs, training=True)
        return not np.array_equal(before, ops.convert_to_numpy(layer.moving_mean))

    encoder, decoder = norms(network, "encoder")[0], norms(network, "decoder")[0]
    assert moves(encoder)
    assert moves(decoder)
    network.freeze_encoder_norm(True)
    assert not moves(encoder)
    assert moves(decoder)
    assert not any(layer.trainable_variables for layer in norms(network, "encoder"))
    network.freeze_encoder_norm(False)
    assert moves(encoder)


def test_masks_stay_float32_under_mixed_precision():
    keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
    try:
        network = tiny()
    finally:
        keras.mixed_precision.set_dtype_policy("float32")
    masks = [layer.output[1] for layer in network.layers if isinstance(layer.output, list | tuple)]
    masks += [layer.output for layer in network.layers if "_mask_" in layer.name]
    assert len(masks) == 12
    assert {mask.dtype for mask in masks} == {"float32"}
    assert network.output.dtype == "float32"
    assert network.get_layer("encoder2").output[0].dtype == "bfloat16"


def test_saved_and_loaded_it_is_the_same_network(tmp_path):
    network, inputs = tiny(), case(np.random.default_rng(0))
    predict(network, inputs, training=True)
    network.save(tmp_path / "model.keras")
    loaded = load_network(tmp_path / "model.keras")
    assert loaded.get_config() == network.get_config()
    np.testing.assert_array_equal(predict(network, inputs), predict(loaded, inputs))


def test_loading_says_what_is_wrong(tmp_path):
    with pytest.raises(FileNotFoundError, match="No model"):
        load_network(tmp_path / "missing.keras")
    keras.Sequential([layers.Input((1,)), layers.Dense(1)]).save(tmp_path / "other.keras")
    with pytest.raises(ValueError, match="not a PConvUNet"):
        load_network(tmp_path / "other.keras")


def test_refuses_a_size_that_makes_no_sense():
    with pytest.raises(ValueError, match="positive"):
        PConvUNet(levels=0)
