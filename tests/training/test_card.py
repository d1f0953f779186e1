"""The model card."""

import json

import cv2
import pytest

from training.__main__ import main
from training.card.card import first_paragraph
from training.card.evaluations import read_evaluations
from training.card.markdown import table
from training.card.run_record import read_run
from training.evaluation.cases import BUCKET_GROUPS, GROUPS, LATTICE_GROUPS
from training.recipe import Recipe

RECIPE = Recipe.model_validate(
    {
        "seed": 7,
        "network": {"levels": 2, "width": 4},
        "sources": [{"pattern": "wp*", "weight": 0.5}],
        "stages": [
            {
                "name": "pixels",
                "steps": 20,
                "batch_size": 2,
                "crop_size": 32,
                "learning_rate": 1e-3,
                "final_learning_rate": 1e-4,
                "weights": {"perceptual": 0, "style_prediction": 0, "style_composite": 0},
            },
            {
                "name": "features",
                "steps": 10,
                "batch_size": 2,
                "crop_size": 64,
                "learning_rate": 1e-4,
                "norm": "encoder_frozen",
                "weight_average": 0.98,
            },
        ],
    }
)
PROTOCOL = {"version": 1, "side": 256, "seed": 0, "photos": 3, "masks_sha256": "ab"}


def epoch(stage, step, speed, **figures):
    losses = {"loss": 1 / step, "val_loss": 1.5 / step, "hole_psnr": 10 + step, "hole": 0.5 / step}
    return {"stage": stage, "step": step, "images_per_second": speed, **losses, **figures}


def make_run(folder):
    folder.mkdir()
    (folder / "recipe.json").write_text(RECIPE.model_dump_json())
    history = [
        epoch("pixels", 10, 1.0),
        epoch("pixels", 20, 40.0),
        epoch("features", 30, 8.0, gradient_norm_hole=4e-3, gradient_norm_perceptual=1e-3),
    ]
    (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in history))
    record = {
        "recipe": "tiny.toml",
        "steps": 30,
        "photos": 12,
        "broken_photos": 1,
        "data_sha256": "c0ffee",
        "backend": "jax",
        "machine": "x86_64",
        "minutes": 2.4,
    }
    (folder / "model.json").write_text(json.dumps(record))
    return folder


@pytest.fixture
def run_folder(tmp_path):
    return make_run(tmp_path / "run")


def means(psnr):
    return {"psnr": psnr, "ssim": 0.9, "l1": 1.0, "hole_psnr": psnr - 8, "sharpness": 0.5}


def evaluation(model, bucket_methods, lattice_methods, protocol=PROTOCOL):
    methods = dict.fromkeys(BUCKET_GROUPS, bucket_methods)
    methods |= dict.fromkeys(LATTICE_GROUPS, lattice_methods)
    groups = {
        group: {name: means(psnr) for name, psnr in methods[group].items()} for group in GROUPS
    }
    worst = [
        {"photo": f"photo{number}.jpg", "number": number, "group": "0.5-0.6", **means(number)}
        for number in range(12, 22)
    ]
    model = {"file": model, "sha256": "f00d"} if model else None
    return {"protocol": protocol, "model": model, "groups": groups, "worst": worst}


def make_evaluations(folder):
    contents = {
        "model.json": evaluation("tiny.keras", {"model": 25.0, "Telea": 24.0}, {"model": 30.0}),
        "peers.json": evaluation(None, {"Telea": 24.0, "PatchMatch": 24.8}, {"bicubic": 29.0}),
    }
    for name, content in contents.items():
        (folder / name).write_text(json.dumps(content))
    return [folder / name for name in contents]


@pytest.fixture
def evaluations(tmp_path):
    return make_evaluations(tmp_path)


def card(run_folder, evaluations, out, *options):
    words = ["card", run_folder, "--evaluation", *evaluations, "-o", out, *options]
    return main([str(word) for word in words])


def rows(text, first):
    """The cells of every table row whose first cell is `first`."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return [row[1:] for row in cells if row[0] == first]


@pytest.fixture(scope="module")
def card_folder(tmp_path_factory):
    """Where a card lies that was given everything that can be given."""
    root = tmp_path_factory.mktemp("card")
    folder = root / "models"
    folder.mkdir()
    notice = folder / "NOTICE.md"
    notice.write_text("# Notice\n\nResearch only.\n\nMore of it.\n")
    options = ["--hardware", "a small computer", "--peak-tflops", "0.5", "--data-notice", notice]
    options += ["--note", "Mind the gap.", "--sheet", folder / "cases.png"]
    options += ["--sheet-caption", "Two cases."]
    inputs = make_run(root / "run"), make_evaluations(root)
    assert card(*inputs, folder / "CARD.md", *options) == 0
    return folder


@pytest.fixture(scope="module")
def written(card_folder):
    return (card_folder / "CARD.md").read_text()


def test_the_card_tells_what_was_trained_and_how(written):
    assert written.startswith("# Model card: tiny.keras\n")
    assert "2 levels, 4 to 8 features" in written
    assert "sides in multiples of 4 pixels" in written
    assert "Mind the gap." in written
    assert "- Recipe: `tiny.toml`, seed 7" in written
    assert "- Time: 2 minutes" in written
    assert "- Hardware: a small computer" in written
    assert "- Chance of `wp*`: 0.5" in written
    stage, weights, _ = rows(written, "pixels")
    assert stage == ["20", "2", "32", "0.001 to 0.0001", "0", "0%", "0%", "batch", "none"]
    assert weights == ["1", "6", "0", "0", "0", "0.1", "0", "0", "0", "0"]
    assert rows(written, "features")[0][-2:] == ["encoder frozen", "0.98"]


def test_speeds_are_medians(written):
    assert rows(written, "pixels")[2][:2] == ["40", "20.5"]
    assert rows(written, "features")[2][:2] == ["20", "8"]


def test_gradient_norms_are_compared_with_the_hole_term(written):
    assert rows(written, "perceptual") == [["1.00e-03", "0.25"]]


def test_terms_of_use_stand_in_the_card(written):
    assert "12 training photos, 1 of them broken." in written
    assert "Research only.\n\nAll sources and credits: [NOTICE.md](NOTICE.md)" in written
    assert "More of it." not in written


def test_figures_of_all_files_stand_side_by_side(written):
    psnr = next(row for row in written.split("\n\n") if row.startswith("| PSNR, dB"))
    assert [line.split(" | ")[0].strip("| ") for line in psnr.splitlines()[2:]] == [
        "Telea",
        "PatchMatch",
        "**model**",
        "over the best peer",
    ]
    assert rows(psnr, "over the best peer") == [["+0.20"] * 6]
    assert rows(written, "averaged, bicubic") == [["29.00", "0.9000", "21.00", "0.50"]]
    assert "## The 10 worst cases" in written
    assert rows(written, "photo12.jpg") == [["12", "0.5-0.6", "12.00", "0.9000", "4.00"]]


def test_lpips_stands_in_the_card_where_it_was_measured(run_folder, tmp_path, written):
    assert "| LPIPS" not in written
    content = evaluation("tiny.keras", {"model": 25.0, "Telea": 24.0}, {"model": 30.0})
    for methods in content["groups"].values():
        for means_of in methods.values():
            means_of["lpips"] = 0.25
    for case in content["worst"]:
        case["lpips"] = 0.5
    (tmp_path / "lpips.json").write_text(json.dumps(content))
    assert card(run_folder, [tmp_path / "lpips.json"], tmp_path / "CARD.md") == 0
    text = (tmp_path / "CARD.md").read_text()
    lpips = next(block for block in text.split("\n\n") if block.startswith("| LPIPS"))
    assert rows(lpips, "**model**") == [["0.250"] * 6]
    assert "over the best peer" not in lpips
    assert rows(text, "photo12.jpg")[0][-1] == "0.500"


def test_pictures_lie_beside_the_card(written, card_folder):
    assert "![Curves of the training](training_curves.png)" in written
    assert "![Sheet of cases](cases.png)\n\nTwo cases." in written
    curves = cv2.imread(str(card_folder / "training_curves.png"))
    assert curves.shape == (750, 1100, 3)
    assert curves.std() > 10


def test_only_the_evaluation_is_needed_beside_the_run(run_folder, evaluations, tmp_path):
    out = tmp_path / "CARD.md"
    assert card(run_folder, evaluations[:1], out) == 0
    text = out.read_text()
    assert "- Hardware: x86_64" in text
    assert "share of peak" not in text
    assert "None" not in text


def test_the_same_files_give_the_same_card_and_curves(run_folder, evaluations, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        assert card(run_folder, evaluations, tmp_path / name / "CARD.md") == 0
    for name in ("CARD.md", "training_curves.png"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_an_unfinished_run_is_refused(run_folder, evaluations, tmp_path, capsys):
    (run_folder / "model.json").unlink()
    assert card(run_folder, evaluations, tmp_path / "CARD.md") == 1
    assert "holds no finished run: model.json is missing" in capsys.readouterr().err
    with pytest.raises(ValueError, match=r"recipe\.json is missing"):
        read_run(tmp_path)


def test_evaluations_must_be_of_one_model_on_the_same_cases(evaluations, tmp_path):
    other = tmp_path / "other.json"
    with pytest.raises(ValueError, match="of a model, 2 are"):
        read_evaluations([evaluations[0], evaluations[0]])
    with pytest.raises(ValueError, match="of a model, 0 are"):
        read_evaluations(evaluations[1:])
    content = evaluation(None, {"Telea": 1.0}, {"bicubic": 1.0}, {**PROTOCOL, "seed": 1})
    other.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"other\.json is about other cases"):
        read_evaluations([evaluations[0], other])
    other.write_text("[1]")
    with pytest.raises(ValueError, match=r"other\.json was not written by evaluate"):
        read_evaluations([other])


def test_a_notice_without_words_is_refused():
    assert (
        first_paragraph("# Title\n\n<!-- note -->\n\nFirst\nlines.\n\nSecond.") == "First\nlines."
    )
    with pytest.raises(ValueError, match="no paragraph"):
        first_paragraph("# Title\n")


def test_tables_align_figures_to_the_right():
    assert table(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"
