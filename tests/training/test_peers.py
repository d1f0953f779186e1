import numpy as np
import pytest

from training import peers
from training.masks import BUCKETS, draw_irregular
from training.metrics import psnr


@pytest.fixture
def truth() -> np.ndarray:
    rows, columns = np.mgrid[0:64, 0:64]
    return np.stack([rows * 3, columns * 3, 200 - rows - columns], axis=-1).astype(np.uint8)


@pytest.fixture
def mask() -> np.ndarray:
    return draw_irregular(np.random.default_rng(0), 64, 64, BUCKETS[2], border=True)


@pytest.mark.parametrize("name", peers.installed_peers())
def test_peer_fills_the_hole_and_keeps_the_rest(
    name: str, truth: np.ndarray, mask: np.ndarray
) -> None:
    image = truth * mask[..., None]
    blank = image.copy()
    filled = peers.PEERS[name](image, mask)
    assert filled.dtype == np.uint8
    assert np.array_equal(filled[mask == 1], truth[mask == 1])
    assert psnr(filled, truth, mask == 0) > psnr(blank, truth, mask == 0) + 3
    assert np.array_equal(image, blank), "the input was changed"


def test_mean_colour_does_not_look_into_the_hole(truth: np.ndarray, mask: np.ndarray) -> None:
    blank = peers.mean_colour(truth * mask[..., None], mask)
    assert np.array_equal(peers.mean_colour(truth, mask), blank)


def test_mean_colour_is_that_of_the_known_pixels() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    image[0] = (10, 20, 31)
    image[1] = (20, 40, 60)
    mask = np.zeros((4, 4), np.uint8)
    mask[:2] = 1
    assert (peers.mean_colour(image, mask)[2:] == (15, 30, 46)).all()


def test_opencv_peers_continue_a_ramp(truth: np.ndarray, mask: np.ndarray) -> None:
    for name in ("Telea", "Navier-Stokes"):
        filled = peers.PEERS[name](truth * mask[..., None], mask)
        assert psnr(filled, truth, mask == 0) > 22, name


def test_all_installed_peers_by_default() -> None:
    assert list(peers.choose_peers(None)) == peers.installed_peers()
    assert {"mean colour", "Telea", "Navier-Stokes"} <= set(peers.installed_peers())


def test_peers_are_chosen_by_name() -> None:
    assert list(peers.choose_peers(["Telea"])) == ["Telea"]
    assert peers.choose_peers([]) == {}
    with pytest.raises(ValueError, match="no peer is called 'telea'; there are mean colour"):
        peers.choose_peers(["telea"])


def test_patch_match_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    assert peers.installed_peers() == ["mean colour", "Telea", "Navier-Stokes"]
    with pytest.raises(ValueError, match="extra 'peers'"):
        peers.choose_peers(["PatchMatch"])
