"""Which codings a file may have by its header, and how windows become what it takes."""

from dataclasses import replace

import numpy as np
import pytest
from onnx import TensorProto, helper, save

from service.engine.base import EngineError
from service.engine.build import check_model
from service.engine.model_file import identify
from tests.service.engine.onnx_models import write_inverting_model
from tests.service.engine.stand_ins import LAMA, LAMA_WEB, MIGAN, PCONV, ROWS, variations
from tests.service.servers import settings_of

CHOICES = list(variations(512))


def codings(path):
    return identify(path).codings


@pytest.fixture(scope="module", params=CHOICES, ids=str)
def choice(request, tmp_path_factory):
    """A stand-in and its true coding."""
    of = request.param
    path = of.write(tmp_path_factory.mktemp("models") / "x.onnx")
    (coding,) = (
        each
        for each in codings(path)
        if (each.signature.name, each.mask, each.answer) == (of.signature, of.mask, of.answer)
    )
    return of, coding


def test_every_stand_in_has_its_true_coding_among_those_that_fit(choice):
    of, coding = choice
    assert (coding.side, coding.batch) == (of.size, of.batch or 0)
    assert [tensor.name for tensor in coding.inputs] == list(of.inputs)


@pytest.mark.parametrize("row", ROWS)
def test_of_a_signatures_codings_the_documented_one_comes_first(tmp_path, row):
    found = codings(ROWS[row].write(tmp_path / "x.onnx"))
    first = next(each for each in found if each.signature.name == row)
    assert (first.mask, first.answer) == (ROWS[row].mask, ROWS[row].answer)
    alike = {"lama-web", "migan-bare"} if row in ("lama-web", "migan-bare") else {row}
    assert {coding.signature.name for coding in found} == alike


def test_our_contract_leaves_nothing_open(tmp_path):
    network = identify(write_inverting_model(tmp_path / "x.onnx"))
    assert network.ours
    assert [str(coding) for coding in network.codings] == [
        "pconv (mask: 0 is known, 1 is hole; output 0..255)"
    ]
    other = replace(PCONV, output="picture").write(tmp_path / "y.onnx")
    assert not identify(other).ours
    assert len(codings(other)) == 2


def test_shapes_tell_the_mask_whatever_the_names_and_their_order(tmp_path):
    of = replace(LAMA, inputs={"b": ("mask",), "a": ("picture",)})
    for coding in codings(of.write(tmp_path / "x.onnx")):
        assert [tensor.name for tensor in coding.inputs] == ["a", "b"]


def write(path, inputs, outputs, element=TensorProto.FLOAT):
    """A file with these inputs and outputs, of which only the header is right."""
    given, made = (
        [helper.make_tensor_value_info(name, element, shape) for name, shape in each.items()]
        for each in (inputs, outputs)
    )
    graph = helper.make_graph([], "g", given, made)
    save(helper.make_model(graph), path)
    return path


FREE = [None] * 4


def test_names_tell_the_mask_where_shapes_do_not(tmp_path):
    path = write(tmp_path / "x.onnx", {"the_Mask": FREE, "photo": FREE}, {"y": None})
    assert [tensor.name for tensor in codings(path)[0].inputs] == ["photo", "the_Mask"]
    with pytest.raises(EngineError, match="no known signature"):
        codings(write(tmp_path / "y.onnx", {"a": FREE, "b": FREE}, {"y": None}))


@pytest.mark.parametrize(
    ("inputs", "outputs", "words"),
    [
        ({"data": [1, 3, 224, 224]}, {"prob": [1, 1000]}, r"data: float32 \[1, 3, 224, 224\]"),
        ({"x": [1, 4, 64, 64]}, {"y": [1, 3, 128, 128]}, "no known signature"),
        ({"image": [1, 3, 64, 64]}, {"y": [1, 3, 64, 64]}, "Known are pconv: "),
        ({"image": [1, 3, 64, 48], "mask": [1, 1, 64, 48]}, {"y": None}, "48x64 alone"),
        ({"image": [4, 3, 64, 64], "mask": [4, 1, 64, 64]}, {"y": None}, "4 pictures at once"),
        ({}, {"y": [1]}, "inputs none"),
    ],
)
def test_other_networks_are_refused_by_what_they_have(tmp_path, inputs, outputs, words):
    path = write(tmp_path / "x.onnx", inputs, outputs)
    with pytest.raises(EngineError, match=rf"x\.onnx .*{words}"):
        check_model(settings_of(), path)


def test_types_count_too(tmp_path):
    shapes = {"image": [1, 3, 64, 64], "mask": [1, 1, 64, 64]}
    path = write(tmp_path / "x.onnx", shapes, {"y": None}, TensorProto.INT64)
    with pytest.raises(EngineError, match=r"Known are .*image: int64"):
        check_model(settings_of(), path)


def test_windows_are_given_as_the_stand_in_takes_them(choice):
    """Against what the row says, written out pixel by pixel."""
    of, coding = choice
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (2, 4, 4, 3), np.uint8)
    holes = random.random((2, 4, 4)) < 0.4
    holes[0] = False
    feed = coding.encode(images, holes)
    if of.blends:  # 3 pixels around one are all that there are
        holes[1] = True
    assert {name: array.shape for name, array in feed.items()} == dict(coding.shapes(2, 4))
    one_input = of.signature in ("lama-web", "migan-bare")
    for name, parts in of.inputs.items():
        assert feed[name].dtype == np.dtype(of.element)
        assert feed[name].flags.c_contiguous
        channels = [part for part in parts for _ in range(3 if part == "picture" else 1)]
        for at, row, column, channel in np.ndindex(2, 4, 4, len(channels)):
            place = (
                (at, row, column, channel) if of.layout == "NHWC" else (at, channel, row, column)
            )
            hole = holes[at, row, column]
            if channels[channel] == "mask":
                due = of.mask[1] if hole else of.mask[0]
            elif hole and one_input:
                due = 0
            else:
                black, white = of.picture
                level = images[at, row, column, channel - parts.index("picture")]
                due = black + (white - black) * level / 255
            assert feed[name][place] == pytest.approx(due, abs=1e-3)


def test_pictures_are_read_back_as_the_stand_in_gives_them(choice):
    of, coding = choice
    picture = np.random.default_rng(1).integers(0, 256, (2, 4, 4, 3), np.uint8)
    black, white = of.answer
    given = picture if of.layout == "NHWC" else picture.transpose(0, 3, 1, 2)
    given = (given / 255 * (white - black) + black).round(4).astype(of.element)
    np.testing.assert_array_equal(coding.decode(given, picture.shape), picture)


def test_what_leaves_the_range_is_cut_and_what_is_no_number_is_an_error(tmp_path):
    coding = codings(LAMA_WEB.write(tmp_path / "x.onnx"))[0]
    output = np.zeros((1, 3, 2, 2), np.float32)
    output[0, :, 0, 0] = (-0.5, 1.5, 0.502)
    assert coding.decode(output, (1, 2, 2, 3))[0, 0, 0].tolist() == [0, 255, 128]
    output[0, 0, 0, 0] = np.nan
    with pytest.raises(EngineError, match="no numbers"):
        coding.decode(output, (1, 2, 2, 3))
    with pytest.raises(EngineError, match=r"\(1, 3, 2, 2\), \(1, 3, 4, 4\) is due"):
        coding.decode(output, (1, 4, 4, 3))


SIDECARS = [
    ('signature = "migan-bare"\noutput = "0..1"\nmask = "hole"', 1),
    ('mask = "known"', 6),
    ("", 12),
]


@pytest.mark.parametrize(("text", "left"), SIDECARS)
def test_a_sidecar_settles_what_the_header_leaves_open(tmp_path, text, left):
    path = LAMA_WEB.write(tmp_path / "x.onnx")
    path.with_suffix(".toml").write_text(text)
    assert len(codings(path)) == left


def test_traits_are_the_sidecars_then_the_files_then_the_signatures(tmp_path):
    path = LAMA.write(tmp_path / "x.onnx", {"reach": "77", "thinnest_hole": "3"})
    path.with_suffix(".toml").write_text("reach = 99\npredicts_known = true\nbatch = 2")
    network = identify(path)
    traits = network.traits(network.codings[0])
    assert (traits.reach, traits.thinnest_hole, traits.stride) == (99, 3, 8)
    assert (traits.lattice, traits.predicts_known) == (0, True)
    assert network.states("predicts_known")
    assert not network.states("stride")
    assert network.batch(network.codings[0]) == 2


@pytest.mark.parametrize(
    ("of", "text", "sizes"),
    [
        (LAMA, "", (64, 96)),
        (LAMA, "stride = 3", (96, 99)),
        (LAMA, "sizes = [128, 72]", (72, 128)),
        (replace(LAMA, size=80), "", (80,)),
    ],
)
def test_window_sizes_are_the_only_one_or_the_sidecars_or_those_that_fit(tmp_path, of, text, sizes):
    path = of.write(tmp_path / "x.onnx")
    path.with_suffix(".toml").write_text(text)
    network = identify(path)
    assert network.window_sizes(network.codings[0], (96, 99, 64)) == sizes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("strid = 3", r"x\.toml has unknown keys: strid\. Known are name, .*stride"),
        ("stride = 0", r"x\.toml: stride: .*greater than or equal to 1, not 0"),
        ('stride = "8"', "stride: .*integer"),
        ("lattice = 3", "lattice: .*multiple of 2"),
        ('signature = "mine"', "signature: .*'lama'.*, not 'mine'"),
        ('output = "0..2"', r"output: .*'0\.\.1'"),
        ("sizes = []", "sizes: .*at least 1"),
        ("sizes = [100]", r"stride 8: \[100\]"),
        ("= 3", r"x\.toml cannot be read"),
        ('signature = "migan"', r"has not the signature migan \(\[N,3,H,W\] .*image: float32"),
        ('signature = "pconv"', r"has not the signature pconv"),
        ("batch = 2", r"x\.toml does not go with .*batch 1"),
        ("sizes = [64]", r"x\.toml does not go with .*size 512"),
    ],
)
def test_a_sidecar_that_cannot_be_is_refused_in_words(tmp_path, text, words):
    fixed = {"size": 512, "batch": 1} if text in ("batch = 2", "sizes = [64]") else {}
    path = replace(LAMA, **fixed).write(tmp_path / "x.onnx")
    path.with_suffix(".toml").write_text(text)
    with pytest.raises(EngineError, match=words):
        check_model(settings_of(), path)


def test_a_sidecar_that_is_no_text_is_refused(tmp_path):
    path = MIGAN.write(tmp_path / "x.onnx")
    path.with_suffix(".toml").write_bytes(b"\xff\xfe")
    with pytest.raises(EngineError, match=r"x\.toml cannot be read"):
        check_model(settings_of(), path)


def test_a_network_that_no_window_size_suits_is_refused(tmp_path):
    path = LAMA_WEB.write(tmp_path / "x.onnx")
    with pytest.raises(EngineError, match=r"stride 32: \[100\]"):
        check_model(settings_of(window_sizes=(100,)), path)
