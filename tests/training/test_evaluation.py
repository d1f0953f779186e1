"""The protocol, the figures and the report, with models and pictures made here."""

import json
import logging
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.evaluation.bicubic import interpolate_lattice
from training.evaluation.cases import (
    BUCKET_GROUPS,
    GROUPS,
    PROTOCOL_VERSION,
    cases_of_photo,
    central_crop,
    protocol_mask,
)
from training.evaluation.examples import default_numbers, example_sheet
from training.evaluation.figures import Figures, mean_of
from training.evaluation.report import as_json, as_text, summarise, worst_cases
from training.evaluation.run import BICUBIC, MODEL, Evaluation, Result, evaluate
from training.masks import BUCKETS
from training.metrics import psnr
from training.peers import choose_peers
from training.photos import PhotoFolder, read_photo


def picture(seed: int, height: int = 256, width: int = 256) -> np.ndarray:
    """Smooth colours with some detail."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (6, 6, 3)).astype(np.uint8)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(int)
    detail = rng.integers(-12, 13, (height, width, 3))
    return np.clip(smooth + detail, 0, 255).astype(np.uint8)


@pytest.fixture
def photos(tmp_path: Path) -> PhotoFolder:
    for seed in range(3):
        cv2.imwrite(str(tmp_path / f"{seed}.png"), picture(seed, 260, 300))
    return PhotoFolder([tmp_path])


def black(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
    return np.zeros_like(images)


# --- the protocol -------------------------------------------------------------------------------


def test_the_holes_of_the_protocol_never_change() -> None:
    """A change here makes figures incomparable: raise PROTOCOL_VERSION along with it."""
    masks = (protocol_mask(0, index, bucket) for index in range(10) for bucket in range(6))
    digest = sha256(b"".join(np.packbits(mask).tobytes() for mask in masks)).hexdigest()
    assert (PROTOCOL_VERSION, digest[:16]) == (1, "c8ffd408b6e24390")


def test_a_photo_gives_one_case_for_each_group() -> None:
    truth = picture(0)
    cases = cases_of_photo(5, "a.jpg", truth, seed=0)
    assert [case.group for case in cases] == list(GROUPS)
    assert [case.number for case in cases] == list(range(40, 48))
    for case in cases:
        assert (case.image[case.mask == 0] == 0).all(), "methods must not see what they shall fill"
        assert np.array_equal(case.composite(truth), truth)
        assert np.array_equal(case.composite(255 - truth)[~case.hole], truth[~case.hole])
        assert not (case.kept & (case.mask == 0)).any()


def test_holes_are_in_their_bucket_with_and_without_border_contact() -> None:
    touching = []
    for index in range(4):
        for bucket, case in enumerate(cases_of_photo(index, "a", picture(0), seed=0)[:6]):
            assert BUCKETS[bucket].holds(case.hole.mean())
            assert np.array_equal(case.hole, case.mask == 0)
            assert np.array_equal(case.kept, case.mask == 1)
            edges = [case.hole[0], case.hole[-1], case.hole[:, 0], case.hole[:, -1]]
            touching.append(bool(np.concatenate(edges).any()))
    assert touching == [(index + bucket) % 2 == 0 for index in range(4) for bucket in range(6)]


def test_seed_and_photo_change_the_holes() -> None:
    masks = [protocol_mask(seed, index, 2) for seed, index in ((0, 0), (0, 1), (1, 0))]
    assert len({mask.tobytes() for mask in masks}) == 3


def test_lattice_cases_know_every_fourth_pixel_of_the_box() -> None:
    truth = picture(1)
    sampled, averaged = cases_of_photo(0, "a", truth, seed=0)[6:]
    for case in (sampled, averaged):
        assert np.argwhere(case.hole)[[0, -1]].tolist() == [[48, 48], [207, 207]]
        known = np.argwhere(case.hole & (case.mask == 1))
        assert len(known) == 40 * 40
        assert known[:2].tolist() == [[50, 50], [50, 54]]
    assert np.array_equal(sampled.image[sampled.mask == 1], truth[sampled.mask == 1])
    assert np.array_equal(sampled.kept, sampled.mask == 1)
    assert np.array_equal(averaged.kept, ~averaged.hole)
    points = averaged.hole & (averaged.mask == 1)
    error = averaged.image[points].astype(int) - truth[points]
    assert 1 < np.abs(error).mean() < 12


@pytest.mark.parametrize("shape", [(256, 256), (257, 300), (321, 481)])
def test_crop_is_central(shape: tuple[int, int]) -> None:
    photo = picture(0, *shape)
    crop = central_crop(photo)
    top, left = (shape[0] - 256) // 2, (shape[1] - 256) // 2
    assert crop is not None
    assert np.array_equal(crop, photo[top : top + 256, left : left + 256])


@pytest.mark.parametrize("shape", [(255, 400), (400, 255), (1, 1)])
def test_small_photo_has_no_crop(shape: tuple[int, int]) -> None:
    assert central_crop(np.zeros((*shape, 3), np.uint8)) is None


def test_lattice_interpolation_hits_its_points_and_follows_slopes() -> None:
    rows, columns = np.mgrid[0:256, 0:256]
    truth = np.stack([rows // 2, columns // 2, (rows + columns) // 4], axis=-1).astype(np.uint8)
    sampled = cases_of_photo(0, "a", truth, seed=0)[6]
    filled = interpolate_lattice(sampled.image, sampled.mask)
    points = (slice(2, None, 4),) * 2
    assert np.array_equal(filled[points], truth[points])
    inner = sampled.hole
    assert np.abs(filled[inner].astype(int) - truth[inner]).max() <= 1


def test_lattice_interpolation_needs_its_points() -> None:
    with pytest.raises(ValueError, match="every lattice point"):
        interpolate_lattice(np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16), np.uint8))


# --- running ------------------------------------------------------------------------------------


def test_every_method_is_measured_on_every_case(photos: PhotoFolder) -> None:
    evaluation = evaluate(photos, black, choose_peers(["mean colour"]))
    methods = {(result.group, result.method) for result in evaluation.results}
    buckets = {(group, method) for group in BUCKET_GROUPS for method in ("mean colour", MODEL)}
    lattices = {(group, method) for group in GROUPS[6:] for method in (BICUBIC, MODEL)}
    assert methods == buckets | lattices
    assert len(evaluation.results) == 3 * len(methods)


def test_model_is_judged_by_what_it_puts_into_the_hole(photos: PhotoFolder) -> None:
    truths = [central_crop(read_photo(path)) for path in photos.paths]

    def oracle(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
        return np.repeat(truths.pop(0)[None], len(images), axis=0)

    summary = summarise(evaluate(photos, oracle, {}))
    for group in GROUPS:
        means = summary[group][MODEL]
        assert (means.psnr, means.hole_psnr, means.l1) == (100, 100, 0)
        assert means.ssim == pytest.approx(1)
        assert means.sharpness == pytest.approx(1)


def test_the_same_evaluation_twice_gives_the_same(photos: PhotoFolder) -> None:
    first, second = (evaluate(photos, black, {}, limit=2) for _ in range(2))
    other = evaluate(photos, black, {}, limit=2, seed=1)
    assert first == second
    assert first.photos_sha256 == other.photos_sha256
    assert first.masks_sha256 != other.masks_sha256


def test_unusable_photos_are_skipped_and_named(
    photos: PhotoFolder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    alone = evaluate(photos, None, {})
    cv2.imwrite(str(tmp_path / "3small.png"), picture(0, 255, 300))
    (tmp_path / "4broken.jpg").write_bytes(b"\xff\xd8 no photo")
    with caplog.at_level(logging.WARNING):
        evaluation = evaluate(PhotoFolder([tmp_path]), None, {})
    assert evaluation.skipped == ["3small.png: smaller than 256x256", "4broken.jpg: broken"]
    assert "3small.png" in caplog.text
    assert "4broken.jpg" in caplog.text
    assert evaluation.results == alone.results
    assert "2 photos skipped" in as_text(evaluation)


def test_nothing_usable_is_an_error(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "small.png"), picture(0, 20, 20))
    with pytest.raises(ValueError, match="no photo was usable"):
        evaluate(PhotoFolder([tmp_path]), None, {})


# --- reporting ----------------------------------------------------------------------------------


def figures(level: float) -> Figures:
    return Figures(level, level / 100, 1.0, level - 5, gradient=2.0, truth_gradient=4.0)


def test_means_and_sharpness_as_quotient_of_means() -> None:
    means = mean_of([figures(20), Figures(30, 0.4, 3, 21, gradient=4, truth_gradient=0)])
    assert (means.psnr, means.l1, means.hole_psnr, means.pictures) == (25, 2, 18, 2)
    assert means.ssim == pytest.approx(0.3)
    assert means.sharpness == pytest.approx((2 + 4) / (4 + 0))


def test_flat_truth_has_sharpness_one() -> None:
    assert mean_of([Figures(30, 1, 0, 30, gradient=0, truth_gradient=0)]).sharpness == 1


def test_no_figures_have_no_mean() -> None:
    with pytest.raises(ValueError, match="nothing to average"):
        mean_of([])


def made_up() -> Evaluation:
    evaluation = Evaluation(seed=0, skipped=["x.png: broken"])
    for index in range(3):
        for group_index, group in enumerate(GROUPS):
            number = index * 8 + group_index
            for method, level in ((MODEL, 40 - number), ("Telea", 20), ("mean colour", 10)):
                result = Result(number, f"{index}.jpg", group, method, figures(level))
                evaluation.results.append(result)
    return evaluation


def test_worst_cases_are_the_models_lowest_on_irregular_holes() -> None:
    worst = worst_cases(made_up())
    assert [result.number for result in worst] == [21, 20, 19, 18, 17, 16, 13, 12, 11, 10]
    assert all(result.method == MODEL for result in worst)


def test_tables_show_the_lead_over_the_best_peer() -> None:
    lines = as_text(made_up()).splitlines()
    # Means of 40 - (g, 8 + g, 16 + g), less Telea's 20, for g = 0 to 5.
    (lead, *_) = [line for line in lines if line.startswith("model over best peer")]
    assert lead.split()[-6:] == ["+12.00", "+11.00", "+10.00", "+9.00", "+8.00", "+7.00"]
    widths = {len(line) for line in lines[:5]}
    assert len(widths) == 1, "columns are aligned"
    assert "1 photos skipped (x.png: broken)" in lines[-1]


def test_json_holds_everything(photos: PhotoFolder) -> None:
    evaluation = evaluate(photos, black, choose_peers(["Telea"]))
    content = json.loads(json.dumps(as_json(evaluation, {"file": "m.onnx"}), allow_nan=False))
    assert content["protocol"]["version"] == PROTOCOL_VERSION
    assert content["protocol"]["photos"] == 3
    assert len(content["protocol"]["masks_sha256"]) == 64
    assert content["model"] == {"file": "m.onnx"}
    assert set(content["groups"]) == set(GROUPS)
    assert (
        content["groups"]["0.1-0.2"]["Telea"]["psnr"] > content["groups"]["0.1-0.2"][MODEL]["psnr"]
    )
    assert content["groups"]["lattice sampled"][BICUBIC]["pictures"] == 3
    assert len(content["worst"]) == 10
    assert content["worst"][0]["group"] == "0.5-0.6"
    assert content["libraries"]["numpy"] == np.__version__


def test_examples_are_kept_by_number_and_laid_out(photos: PhotoFolder) -> None:
    evaluation = evaluate(photos, black, {}, examples=[3, 14])
    assert [example.case.number for example in evaluation.examples] == [3, 14]
    sheet = example_sheet(evaluation.examples)
    assert sheet.shape[0] > 2 * 256
    assert sheet.shape[1] >= 4 * 256
    case = evaluation.examples[0].case
    assert evaluation.examples[0].figures.psnr == psnr(
        case.composite(np.zeros_like(case.truth)), case.truth
    )


def test_default_examples_spread_over_photos_and_groups() -> None:
    numbers = default_numbers(100)
    assert len(set(numbers)) == 16
    assert {number % 8 for number in numbers} == set(range(8))
    assert (min(numbers) // 8, max(numbers) // 8) == (0, 93)
    assert all(number // 8 < 2 for number in default_numbers(2))
