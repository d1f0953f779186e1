"""Recipes of training runs."""

from pathlib import Path

import pytest

from training.recipe import load_recipe, paper_recipe

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_the_bundled_recipes_are_valid(path):
    assert load_recipe(path).stages


def test_the_paper_freezes_encoder_norm_in_its_second_stage():
    first, second = paper_recipe().stages
    assert (first.learning_rate, first.freeze_encoder_norm) == (2e-4, False)
    assert (second.learning_rate, second.freeze_encoder_norm) == (5e-5, True)
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
