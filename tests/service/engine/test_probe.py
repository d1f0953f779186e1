"""Probing networks of a few lines of NumPy, whose runs are counted."""

from dataclasses import replace

import numpy as np
import pytest

from service.engine.base import EngineError
from service.engine.model_file import identify
from service.engine.probe import BEARABLE, WELL, probe
from tests.service.engine.stand_ins import LAMA, LAMA_WEB, MIGAN, MIGAN_BARE, ROWS

SIZE = 64
KINDS = ["pconv", "lama", "lama-web", "migan", "migan-bare"]


@pytest.fixture
def codings(tmp_path):
    def of(stand_in):
        return identify(stand_in.write(tmp_path / "x.onnx")).codings

    return of


class Network:
    """A network that takes and gives what a coding says, and fills as it is told."""

    def __init__(self, coding, paint):
        self.coding, self.paint, self.runs = coding, paint, 0

    def __call__(self, output, feed):
        self.runs += 1
        assert output == self.coding.output.name
        image, known = self._seen(feed)
        black, white = self.coding.answer
        picture = self.paint(image, known) / 255 * (white - black) + black
        if self.coding.signature.layout == "NCHW":
            picture = picture.transpose(2, 0, 1)
        if self.coding.output.element == "uint8":
            picture = picture.round().clip(0, 255)
        return picture.astype(self.coding.output.element)[np.newaxis]

    def _seen(self, feed):
        parts = {}
        for tensor, names in zip(self.coding.inputs, self.coding.signature.inputs, strict=True):
            stack = feed[tensor.name][0].astype(np.float64)
            if self.coding.signature.layout == "NCHW":
                stack = stack.transpose(1, 2, 0)
            for name in names:
                width = 3 if name == "picture" else 1
                parts[name], stack = stack[..., :width], stack[..., width:]
        black, white = self.coding.signature.picture
        known, hole = self.coding.mask
        share = (parts["mask"] - hole) / (known - hole)
        return (parts["picture"] - black) / (white - black) * 255, share > 0.5


def mean(image, known):
    """The mean of the known pixels, everywhere."""
    count = max(known.sum(), 1)
    return np.broadcast_to((image * known).sum(axis=(0, 1)) / count, image.shape)


def off_by(levels):
    return lambda image, known: mean(image, known) + levels


def pasted(image, known):
    return np.where(known, image, mean(image, known))


def nothing_known(image, known):
    return np.where(known, 0, mean(image, known))


def nearest_range(of, codings):
    """The coding of a stand-in among those that fit."""
    return next(
        coding
        for coding in codings
        if (coding.signature.name, coding.mask, coding.answer) == (of.signature, of.mask, of.answer)
    )


def found(codings, of, paint):
    those = codings(of)
    network = Network(nearest_range(of, those), paint)
    return probe(those, lambda coding: SIZE, network), network


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_documented_takes_as_few_runs_as_can_be(codings, kind):
    of = replace(ROWS[kind], output="picture")
    finding, network = found(codings, of, mean)
    assert finding.coding == network.coding
    assert finding.off < 2
    # One run of each picture; the bare MI-GAN looks like LaMa for browsers, which is tried first.
    assert network.runs == (3 if kind == "migan-bare" else 2)


@pytest.mark.parametrize("kind", KINDS)
def test_the_other_polarity_is_found(codings, kind):
    of = replace(ROWS[kind], output="picture", mask=ROWS[kind].mask[::-1])
    finding, network = found(codings, of, mean)
    assert finding.coding == network.coding
    assert network.runs <= 5


@pytest.mark.parametrize("answer", [(0, 255), (0, 1), (-1, 1)])
@pytest.mark.parametrize("row", [LAMA, LAMA_WEB, MIGAN_BARE], ids=str)
def test_ranges_cost_no_runs(codings, row, answer):
    finding, network = found(codings, replace(row, answer=answer), mean)
    assert finding.coding.answer == answer
    assert network.runs <= 3


@pytest.mark.parametrize(
    ("paint", "predicts"), [(mean, True), (pasted, False), (nothing_known, False)]
)
@pytest.mark.parametrize("row", [LAMA, MIGAN], ids=str)
def test_whether_known_pixels_are_predicted_shows(codings, row, paint, predicts):
    assert found(codings, row, paint)[0].predicts_known is predicts


def test_a_network_that_fills_poorly_is_told_by_being_the_best(codings):
    finding, network = found(codings, LAMA, off_by(WELL + 4))
    assert finding.coding == network.coding
    assert finding.bearable
    assert network.runs == 3  # the other polarity was tried too


def identity(image, known):
    return image


def grey(image, known):
    return np.full_like(image, 127)


@pytest.mark.parametrize("paint", [identity, grey, off_by(-BEARABLE - 2)])
def test_what_fills_no_holes_is_found_out(codings, paint):
    finding, _ = found(codings, LAMA, paint)
    assert not finding.bearable
    assert finding.off > BEARABLE


def test_stripes_find_out_who_paints_the_one_colour(codings):
    def flat_alone(image, known):
        return np.broadcast_to(np.array((208, 112, 48)), image.shape)

    assert not found(codings, LAMA, flat_alone)[0].bearable


def test_two_that_do_equally_well_and_differ_cannot_be_told(codings):
    def paint(image, known):
        """Good at both polarities, but never the same."""
        outside = known[0, 0, 0] or not known[SIZE // 2, SIZE // 2, 0]
        rim = image[:1].mean(axis=(0, 1))
        return np.broadcast_to(rim + (14 if outside else -14), image.shape)

    with pytest.raises(EngineError, match=r"lama .* and lama .* fill holes equally well"):
        found(codings, LAMA, paint)


def test_where_the_polarity_does_not_matter_the_documented_one_is_taken(codings):
    def paint(image, known):
        return np.broadcast_to(image[:1].mean(axis=(0, 1)) + WELL + 4, image.shape)

    assert found(codings, LAMA, paint)[0].coding.mask == (0, 1)


def test_a_coding_that_cannot_be_run_is_not_it(codings):
    those = codings(MIGAN_BARE)
    network = Network(nearest_range(MIGAN_BARE, those), mean)
    failing = iter([True])

    def answer(output, feed):
        if next(failing, False):
            raise EngineError("a shape that does not fit")
        return network(output, feed)

    assert probe(those, lambda coding: SIZE, answer).coding == network.coding


def test_where_nothing_runs_the_first_reason_is_given(codings):
    def answer(output, feed):
        raise EngineError("out of memory")

    with pytest.raises(EngineError, match="out of memory"):
        probe(codings(LAMA), lambda coding: SIZE, answer)
