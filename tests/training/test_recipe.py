"""Recipes of training runs."""

from pathlib import Path

import pytest

from training.recipe import load_recipe, paper_recipe

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_the_bundled_recipes_are_valid(path):
    assert load_recipe(path).stages


def test_the_default_recipe_is_what_made_the_shipped_weights():
    """The prototype's stages: sizes, batches, rates and weights of the loss."""
    recipe = load_recipe(RECIPES[0].with_name("default.toml"))
    assert recipe.network.model_dump() == {"levels": 7, "width": 64, "max_width": 512}
    assert [(s.crop_size, s.batch_size) for s in recipe.stages] == [
        (128, 128),
        (256, 48),
        (256, 32),
    ]
    assert [(s.learning_rate, s.final_learning_rate) for s in recipe.stages] == [
        (1e-3, 5e-4),
        (5e-4, 1e-4),
        (2e-4, 3e-5),
    ]
    pixels = {"valid": 1, "hole": 6, "total_variation": 0.1}
    features = {**pixels, "lpips": 0.3, "style": 0.1}
    last = {"valid": 1, "hole": 3, "lpips": 0.5, "style": 0.1, "adversary": 0.4}
    weights = [
        {name: weight for name, weight in stage.weights.model_dump().items() if weight}
        for stage in recipe.stages
    ]
    assert weights == [pixels, features, last]
    assert {stage.lattice_share for stage in recipe.stages} == {0.15}
    assert [stage.norm for stage in recipe.stages] == ["batch", "batch", "frozen"]


def test_the_paper_freezes_encoder_norm_in_its_second_stage():
    first, second = paper_recipe().stages
    assert (first.learning_rate, first.norm) == (2e-4, "batch")
    assert (second.learning_rate, second.norm) == (5e-5, "encoder_frozen")
    assert paper_recipe().need_features


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stages = [", "is not TOML"),
        ("seed = 1", "stages: Field required"),
        ("stages = []", "stages"),
        ("[[stages]]\nname = 'a'\nsteps = 1\nspeed = 9", "stages.0.speed: Extra inputs"),
        ("[[stages]]\nname = 'a'\nsteps = 0", "stages.0.steps"),
        ("[[stages]]\nname = 'a'\nsteps = 1\ncrop_size = 200", "not a multiple of 128"),
        ("[[stages]]\nname = 'a'\nsteps = 1\nweights = {hole = -1}", "stages.0.weights.hole"),
        ("[[stages]]\nname = 'a'", "needs either steps or minutes"),
        ("[[stages]]\nname = 'a'\nsteps = 1\nminutes = 1", "needs either steps or minutes"),
        ("[[stages]]\nname = 'a'\nsteps = 1\ncrop_size = 384", "do not fit a canvas of 288x416"),
        (2 * "[[stages]]\nname = 'a'\nsteps = 1\n", "two stages have one name"),
    ],
)
def test_says_what_is_wrong(tmp_path, text, message):
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        load_recipe(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.toml"):
        load_recipe(tmp_path / "nothing.toml")
