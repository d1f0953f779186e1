"""Weights as the source package lays them out, tiny files with the real shapes."""

import io
import pickle
import tarfile

import numpy as np
import pytest

from training.features import alexnet, vgg16
from training.features.package import FOLDER


def random_convolutions(shapes, rng):
    """Kernels that keep activations of a natural size, and biases."""
    out = {}
    for number, shape in enumerate(shapes):
        deviation = np.sqrt(2 / np.prod(shape[:3]))
        out[f"Conv_{number}"] = {
            "kernel": rng.standard_normal(shape, np.float32) * np.float32(deviation),
            "bias": rng.normal(scale=0.1, size=shape[3]).astype(np.float32),
        }
    return out


def tree(network, shapes, linear, rng):
    """A checkpoint of the package."""
    return {
        network: random_convolutions(shapes, rng),
        **{
            f"NetLinLayer_{depth}": {
                "Conv_0": {"kernel": rng.random((1, 1, features, 1), np.float32)}
            }
            for depth, features in enumerate(linear)
        },
    }


def vgg16_tree(rng):
    shapes, channels = [], 3
    for features, count in vgg16.BLOCKS:
        for _ in range(count):
            shapes.append((3, 3, channels, features))
            channels = features
    return tree("VGG16_0", shapes, [features for features, _ in vgg16.BLOCKS], rng)


def alexnet_tree(rng):
    shapes, channels = [], 3
    for features, side, _, _ in alexnet.LAYERS:
        shapes.append((side, side, channels, features))
        channels = features
    return tree("AlexNet_0", shapes, [layer[0] for layer in alexnet.LAYERS], rng)


def write_package(path, files):
    """A `.tar.gz` with pickles under the package's names."""
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else pickle.dumps(content, protocol=4)
            member = tarfile.TarInfo(f"{FOLDER}/{name}.ckpt")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@pytest.fixture(scope="session")
def trees():
    rng = np.random.default_rng(0)
    return {"vgg16": vgg16_tree(rng), "alexnet": alexnet_tree(rng)}
