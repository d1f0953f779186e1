"""The demo page in Chromium: what goes in, what comes out, and what must not get lost."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.service.pictures import file_of, noise, opened, raw_png, smooth
from tests.service.servers import client_of
from tests.web.conftest import HEIGHT, PAINTED, WIDTH

DROP = """([kind, field, files, texts]) => {
  const transfer = new DataTransfer();
  for (const [name, type] of files) transfer.items.add(new File(['?'], name, { type }));
  for (const [type, text] of texts) transfer.setData(type, text);
  const Kind = kind === 'drop' ? DragEvent : ClipboardEvent;
  const event = new Kind(kind, { [field]: transfer, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
}"""


@pytest.fixture
def jpeg(tmp_path: Path) -> Path:
    """A JPEG as cameras write them, all its pixels new."""
    path = tmp_path / "beach.jpg"
    path.write_bytes(file_of(smooth(HEIGHT, WIDTH), "JPEG", quality=90))
    return path


def _answer(status: int, body: str) -> Callable[[Any], None]:
    """What a route of the browser's answers instead of the service."""
    return lambda route: route.fulfill(status=status, body=body)


def saved(demo, action: str = "download") -> tuple[str, bytes]:
    with demo.page.expect_download() as download:
        demo.do(action)
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def save_as(demo, kind: str) -> tuple[str, bytes]:
    demo.do("saveAs")
    demo.page.check(f"#save [value={kind}]")
    with demo.page.expect_download() as download:
        demo.page.click("#save [value=save]")
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_a_result_is_saved_as_its_photo_was_and_exact_where_that_is_asked_for(demo, url, jpeg):
    demo.photo = jpeg
    demo.open(url)
    demo.paint((60, 60), (90, 60))
    demo.fill()
    hole = demo.sent_hole()
    assert demo.page.evaluate("sent.format") == "jpeg"
    assert demo.page.inner_text("#size-line").startswith("JPEG, ")
    name, data = saved(demo)
    assert (name, opened(data).format) == ("beach-filled.jpg", "JPEG")

    demo.do("continue")
    demo.paint((200, 120), (230, 120))
    demo.fill()
    hole |= demo.sent_hole()
    demo.do("saveAs")
    words = demo.page.locator("#save label").all_inner_texts()
    assert "JPEG, as your photo" in words[0]
    assert "kB" in words[0]
    assert "exactly as it was" in words[1]
    demo.page.keyboard.press("Escape")
    name, data = save_as(demo, "png")
    assert name == "beach-filled.png"
    before, after = np.array(opened(jpeg.read_bytes())), np.array(opened(data))
    np.testing.assert_array_equal(after[~hole], before[~hole])
    assert (after[hole] != before[hole]).any()
    assert demo.page.inner_text("#size-line").startswith("PNG, ")
    assert demo.page.evaluate("document.body.dataset.state") == "result"


def test_after_painting_more_the_result_can_be_saved_and_undone(demo, url):
    demo.open(url)
    demo.paint((60, 60))
    painted = demo.painted()
    demo.fill()
    result = demo.downloaded()
    demo.do("continue")
    demo.wait_for("painting")
    np.testing.assert_array_equal(demo.downloaded(), result)
    demo.page.keyboard.press("Control+z")
    assert demo.painted() == painted
    assert not demo.page.is_visible("[data-do=download]")
    demo.page.keyboard.press("Control+y")
    assert demo.painted() == 0
    np.testing.assert_array_equal(demo.downloaded(), result)
    demo.paint((200, 120))
    demo.do("undo")
    np.testing.assert_array_equal(demo.downloaded(), result)


def test_a_second_photo_replaces_painted_work_only_after_a_question(demo, url, jpeg):
    demo.open(url)
    deep = jpeg.with_name("deep.png")
    deep.write_bytes(deep_png())
    for file, note in ((deep, "visible"), (jpeg, "hidden")):  # nothing would be lost
        demo.page.set_input_files("#file", file)
        demo.page.wait_for_selector("#note", state=note)
    demo.paint((60, 60))
    painted = demo.painted()
    for answer, left in (("no", painted), ("yes", 0)):
        demo.page.set_input_files("#file", demo.photo)
        demo.page.wait_for_selector("#question[open]")
        demo.page.click(f"#question [value={answer}]")
        demo.page.wait_for_function(f"() => ({PAINTED})() === {left}")
    demo.paint((60, 60))
    demo.fill()
    demo.page.set_input_files("#file", jpeg)
    demo.page.wait_for_selector("#question[open]")
    assert "not saved" in demo.page.inner_text("#question")
    demo.page.keyboard.press("Escape")
    saved(demo)
    demo.page.set_input_files("#file", jpeg)
    demo.wait_for("painting")


def test_what_is_no_photo_is_answered_in_words(demo, url):
    demo.page.goto(url)
    demo.wait_for("empty")
    for kind, files, texts, words in (
        ("drop", [["letter.txt", "text/plain"]], [], "letter.txt is no picture"),
        ("drop", [], [["text/uri-list", "http://photos.example/1.jpg"]], "a link"),
        ("drop", [], [["text/plain", "cheese"]], "That is text"),
        ("paste", [], [["text/html", "<b>cheese</b>"]], "a part of a page"),
        ("paste", [], [], "no picture in the clipboard"),
    ):
        field = "dataTransfer" if kind == "drop" else "clipboardData"
        demo.page.evaluate(DROP, [kind, field, files, texts])
        demo.page.wait_for_selector(f"#alert:has-text('{words}')")
        demo.do("dismiss")


def deep_png() -> bytes:
    rows = b"".join(b"\0" + bytes(range(6)) * 20 for _ in range(10))
    return raw_png(20, 10, 16, 2, rows)


def frames(kind: str) -> bytes:
    file = io.BytesIO()
    first, second = (Image.fromarray(noise(20, 30, seed=seed)) for seed in (1, 2))
    first.save(file, kind, save_all=True, append_images=[second], duration=90)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("deep.png", deep_png, "16 bits a channel"),
        ("moving.png", lambda: frames("PNG"), "it moves"),
        ("moving.webp", lambda: frames("WEBP"), "it moves"),
        ("moving.gif", lambda: frames("GIF"), "a GIF file"),
        (
            "drawing.svg",
            lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"></svg>',
            "an SVG file",
        ),
    ],
)
def test_what_the_service_refuses_is_converted_before_anybody_paints(
    demo, url, tmp_path, name, data, words
):
    demo.photo = tmp_path / name
    demo.photo.write_bytes(data())
    demo.open(url)
    note = demo.page.inner_text("#note")
    assert note.startswith("Converted to a PNG of 8 bits")
    assert words in note
    demo.page.focus("#editor")
    demo.page.keyboard.press("Space")
    demo.page.keyboard.press("Enter")
    demo.wait_for("result")
    assert saved(demo)[0] == f"{demo.photo.stem}-filled.png"


def test_what_the_browser_cannot_read_is_refused_with_advice(demo, url, tmp_path):
    demo.page.goto(url)
    for name, data, words in (
        ("IMG_1.HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC. Safari can open it"),
        ("film.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isom", "It is a video"),
        ("broken.png", file_of(noise(9, 9))[:40], "damaged"),
    ):
        file = tmp_path / name
        file.write_bytes(data)
        demo.page.set_input_files("#file", file)
        demo.page.wait_for_selector(f"#alert:has-text('{words}')")
        demo.do("dismiss")


def test_a_photo_with_too_many_pixels_is_scaled_if_the_user_agrees(demo, photo):
    with client_of(max_pixels=15_000) as service:
        demo.page.goto(f"{service.base_url}/")
        for answer, state in (("no", "empty"), ("yes", "painting")):
            demo.page.set_input_files("#file", photo)
            demo.page.wait_for_selector("#question[open]")
            assert "300 × 200, which is 60000 pixels" in demo.page.inner_text("#question")
            demo.page.click(f"#question [value={answer}]")
            demo.wait_for(state)
        assert "is now 150 × 100" in demo.page.inner_text("#note")
        demo.paint((60, 60))
        demo.fill()
        assert opened(demo.sent("image")).size == (150, 100)


def test_a_photo_that_only_the_browser_can_read_can_be_converted_afterwards(demo, url, photo):
    problem = {
        "type": "urn:inpaint:problem:broken-image",
        "title": "The image is broken",
        "status": 422,
        "detail": "the image is damaged",
    }
    demo.page.route(
        "**/inpaint",
        lambda route: route.fulfill(
            status=422, content_type="application/problem+json", body=json.dumps(problem)
        ),
        times=1,
    )
    demo.open(url)
    demo.paint((60, 60))
    demo.do("fill")
    demo.do("convert")
    demo.wait_for("result")
    assert demo.sent("image") != photo.read_bytes()
    assert demo.sent_hole().any()


def test_errors_have_words_even_where_a_proxy_has_none(demo, url):
    for status, words in ((502, "could not reach it"), (413, "client_max_body_size")):
        demo.page.route("**/inpaint", _answer(status, "<h1>"))
        demo.open(url)
        demo.paint((60, 60))
        demo.do("fill")
        demo.page.wait_for_selector("#alert")
        assert words in demo.page.inner_text("#alert p")
        demo.page.unroute("**/inpaint")
    demo.page.evaluate(
        """async () => (await import('./web/view.js')).showAlert({ title: 'No', detail: '' })"""
    )
    assert demo.page.is_hidden("#alert p")


def test_a_mask_can_be_saved_and_loaded(demo, url, tmp_path):
    demo.open(url)
    demo.paint((60, 60), (120, 90))
    demo.do("settings")
    name, data = saved(demo, "saveMask")
    assert name == "noise-mask.png"
    painted = demo.painted()
    demo.do("clear")
    demo.do("settings")
    mask = tmp_path / name
    mask.write_bytes(data)
    demo.page.set_input_files("#mask-file", mask)
    demo.page.wait_for_function("() => !document.querySelector('[data-do=clear]').disabled")
    assert demo.painted() == pytest.approx(painted, rel=0.05)
    demo.fill()
    np.testing.assert_array_equal(demo.sent_hole(), np.array(opened(data)))


def test_a_mask_of_another_shape_is_refused_in_words(demo, url, tmp_path):
    demo.open(url)
    for height, words in ((WIDTH, "the same shape"), (HEIGHT, "Nothing in that mask is white")):
        mask = tmp_path / "mask.png"
        mask.write_bytes(file_of(np.zeros((height, WIDTH), np.uint8)))
        demo.page.set_input_files("#mask-file", mask)
        demo.page.wait_for_selector(f"#alert:has-text('{words}')")


@pytest.mark.parametrize(("tool", "share"), [("rectangle", 1), ("lasso", 0.5)])
def test_areas_by_mouse_and_by_keyboard(demo, url, tool, share):
    demo.open(url)
    demo.page.click(f"[data-tool={tool}]")
    demo.paint((100, 50), (200, 50), (200, 150))
    demo.fill()
    hole = demo.sent_hole()
    assert hole.sum() == pytest.approx(100 * 100 * share, rel=0.03)
    demo.do("continue")
    demo.page.keyboard.press(tool[0])
    keys = ["Space", *["ArrowRight"] * 3, *["Space"] * (tool == "lasso"), *["ArrowDown"] * 3]
    for key in keys:
        demo.page.keyboard.press(key)
    demo.page.keyboard.press("Enter" if tool == "lasso" else "Space")
    assert demo.painted() > 0
    assert demo.page.evaluate("document.body.dataset.state") == "painting"


def test_shift_and_the_wheel_change_the_brush(demo, url):
    demo.open(url)
    demo.page.mouse.move(*demo.at(100, 100))
    percent, size = demo.page.inner_text(".percent >> nth=0"), demo.page.input_value("#size")
    demo.page.keyboard.down("Shift")
    demo.page.mouse.wheel(0, -300)
    demo.page.wait_for_function(f"() => document.querySelector('#size').value > {size}")
    assert demo.page.inner_text(".percent >> nth=0") == percent


def test_the_terms_of_the_model_are_in_sight(demo, url):
    for terms, shown in (("research only", True), ("unspecified", False)):
        about = json.dumps({"terms": terms})
        demo.page.route("**/service.json", _answer(200, about))
        demo.open(url)
        line = demo.page.locator("footer .terms")
        assert line.is_visible() == shown
        assert ("research only" in line.inner_text()) == shown
        demo.page.unroute("**/service.json")


def test_texture_is_the_services_choice_unless_the_user_chooses(demo, url):
    demo.open(url)
    demo.paint((60, 60))
    demo.fill()
    assert demo.page.evaluate("sent.texture") is None
    demo.do("back")
    demo.do("settings")
    demo.page.select_option("[name=texture]", "off")
    demo.page.keyboard.press("Escape")
    demo.fill()
    assert demo.page.evaluate("sent.texture") == "off"


def test_a_page_without_its_scripts_says_so(demo, url):
    demo.page.route("**/web/*.js", lambda route: route.fulfill(status=403))
    demo.page.goto(url)
    demo.page.wait_for_selector("#broken", state="visible")
    assert "scripts did not load" in demo.page.inner_text("#broken")
    assert demo.page.locator("button:visible, #alert:visible, #working:visible").count() == 0


@pytest.mark.parametrize(
    ("demo", "share"),
    [
        ({"viewport": {"width": 320, "height": 568}, "has_touch": True, "is_mobile": True}, 0.65),
        ({"viewport": {"width": 740, "height": 360}, "has_touch": True, "is_mobile": True}, 0.7),
        ({"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}, 0.7),
    ],
    indirect=["demo"],
)
def test_small_windows_hold_everything_and_leave_room_for_the_photo(demo, url, share):
    def check() -> None:
        outside, room = demo.page.evaluate(
            """() => [
              [...document.querySelectorAll('button, a, input, p, dialog')]
                .filter((e) => e.checkVisibility() && !e.matches('.unseen'))
                .filter((e) => { const { left, right } = e.getBoundingClientRect();
                  return right > innerWidth + 0.5 || left < 0; })
                .map((e) => e.outerHTML),
              document.querySelector('main').clientHeight / innerHeight,
            ]"""
        )
        assert outside == []
        assert room >= share
        assert demo.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    demo.page.goto(url)
    demo.wait_for("empty")
    check()
    demo.open(url)
    demo.paint((60, 60))
    check()
    demo.page.evaluate("""async () => (await import('./web/view.js')).showProgress(
      { done: 10, total: 1000 }) ?? (document.querySelector('#working').hidden = false)""")
    check()
    demo.page.evaluate("document.querySelector('#working').hidden = true")
    for action in ("settings", "help"):
        demo.do(action)
        check()
        demo.page.keyboard.press("Escape")
    demo.fill()
    check()
    demo.do("again")
    demo.page.wait_for_selector(".tries .count:visible")
    check()
    demo.do("saveAs")
    check()
    demo.page.keyboard.press("Escape")
    demo.do("continue")
    check()
