import numpy as np
import onnx
import pytest

from export.cases import parity_cases
from export.nodes import count_nodes


def run(session, image, mask):
    return session.run(["prediction"], {"image": image, "mask": mask})[0]


def test_contract_of_inputs_and_outputs(exported):
    def described(value):
        tensor = value.type.tensor_type
        return (
            value.name,
            onnx.TensorProto.DataType.Name(tensor.elem_type),
            [d.dim_param or d.dim_value for d in tensor.shape.dim],
        )

    assert [described(value) for value in exported.graph.input] == [
        ("image", "UINT8", ["N", "H", "W", 3]),
        ("mask", "UINT8", ["N", "H", "W", 1]),
    ]
    assert [described(value) for value in exported.graph.output] == [
        ("prediction", "UINT8", ["N", "H", "W", 3])
    ]


def test_opset_is_one_that_every_runtime_of_the_contract_reads(exported):
    assert [entry.version for entry in exported.opset_import if entry.domain == ""] == [18]
    assert {node.domain for node in exported.graph.node} == {""}


@pytest.mark.parametrize(
    ("name", "levels", "merged"), [("exported", 3, 3), ("deep_exported", 6, 4)]
)
def test_node_counts(request, name, levels, merged):
    """A regression here costs time on every request: say why before changing a number."""
    counts = count_nodes(request.getfixturevalue(name))
    resized = levels - merged
    layers = 2 * levels
    assert counts == {
        # Features and mask of each layer; of a merged level also the half from below.
        "Conv": 2 * layers + merged,
        # By the ratio and by the new mask; the ratio's own; the picture by its mask. The last
        # layer's new mask serves its picture only.
        "Mul": 3 * layers + 1,
        "Add": layers + merged,
        "Min": layers,
        "Max": layers,
        "Div": layers,
        "Relu": levels,
        "LeakyRelu": levels - 1,
        "DepthToSpace": merged,
        "Slice": merged,
        # Of the mask at each level, of the features where they are not merged.
        "Resize": levels + resized,
        "Concat": levels + resized,
        # In at the picture, out at the prediction, none between.
        "Transpose": 2,
        "Squeeze": 1,
        "Unsqueeze": 1,
        "Not": 1,
        "Cast": 4,
        "Clip": 1,
        "Round": 1,
    }


@pytest.mark.parametrize("case", parity_cases(8), ids=lambda case: f"{case.name}, {case.size}")
def test_hole_content_changes_no_output_bit(session, case):
    rng = np.random.default_rng(0)
    predictions = [
        run(session, np.where(case.mask == 0, case.image, other).astype(np.uint8), case.mask)
        for other in (0, 255, rng.integers(0, 256, case.image.shape))
    ]
    assert np.array_equal(predictions[0], predictions[1])
    assert np.array_equal(predictions[0], predictions[2])


def test_any_nonzero_byte_is_hole(session):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (1, 16, 16, 3), dtype=np.uint8)
    hole = rng.random((1, 16, 16, 1)) < 0.5
    ones = run(session, image, hole.astype(np.uint8))
    any_byte = np.where(hole, rng.integers(1, 256, hole.shape), 0).astype(np.uint8)
    assert np.array_equal(run(session, image, any_byte), ones)
    assert not np.array_equal(run(session, image, np.zeros_like(any_byte)), ones)


def test_pictures_of_a_batch_do_not_touch_each_other(session):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 16, 24, 3), dtype=np.uint8)
    masks = (rng.random((3, 16, 24, 1)) < 0.4).astype(np.uint8)
    together = run(session, images, masks)
    assert together.shape == images.shape
    for index in range(3):
        alone = run(session, images[index : index + 1], masks[index : index + 1])
        assert np.array_equal(together[index], alone[0])
