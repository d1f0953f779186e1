"""The demo page in Chromium: from a photo to the filled one."""

from urllib.parse import urlsplit

import numpy as np
import pytest

from tests.service.gated import GatedEngine
from tests.service.pictures import noise
from tests.service.servers import client_of, wait_until_idle
from tests.web.conftest import HEIGHT, WIDTH

SAMPLES = noise(HEIGHT, WIDTH)
PHONE = {
    "viewport": {"width": 390, "height": 780},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}


def centre(hole) -> tuple[float, float]:
    rows, columns = np.nonzero(hole)
    return float(columns.mean()), float(rows.mean())


def test_what_is_painted_changes_and_nothing_else(demo, url, photo):
    demo.open(url)
    demo.paint((60, 50), (120, 90))
    demo.fill()
    hole = demo.sent_hole()
    assert demo.sent("image") == photo.read_bytes()
    assert 500 < hole.sum() < hole.size / 4
    assert centre(hole) == pytest.approx((90, 70), abs=2)
    result = demo.downloaded()
    np.testing.assert_array_equal(result[~hole], SAMPLES[~hole])
    assert (result[hole] != SAMPLES[hole]).any(axis=-1).mean() > 0.9


def test_undo_redo_clear_and_erase(demo, url):
    demo.open(url)
    demo.paint((50, 50), (80, 50))
    one = demo.painted()
    demo.paint((50, 120), (80, 120))
    two = demo.painted()
    assert two > one > 0
    demo.do("undo")
    assert demo.painted() == one
    demo.page.keyboard.press("Control+z")
    assert demo.painted() == 0
    assert demo.page.is_disabled("[data-do=undo]")
    demo.do("redo")
    demo.page.keyboard.press("Control+Shift+z")
    assert demo.painted() == two
    demo.do("clear")
    assert demo.painted() == 0
    demo.do("undo")
    assert demo.painted() == two
    demo.page.click("[data-tool=eraser]")
    demo.paint((40, 120), (90, 120))
    assert demo.painted() == one


def test_painting_lands_where_it_is_seen_when_zoomed(demo, url):
    demo.open(url)
    x, y = demo.at(200, 120)
    demo.page.mouse.move(x, y)
    demo.page.mouse.wheel(0, -600)
    before = demo.page.inner_text(".percent >> nth=0")
    demo.page.mouse.down()
    demo.page.mouse.up()
    demo.fill()
    assert centre(demo.sent_hole()) == pytest.approx((200, 120), abs=1)
    small = demo.sent_hole().sum()
    demo.do("back")
    demo.do("fit")
    assert demo.page.inner_text(".percent >> nth=0") != before
    demo.do("clear")
    demo.paint((200, 120))
    demo.fill()
    assert demo.sent_hole().sum() > 3 * small  # a brush of one size on the screen


def test_the_hand_moves_the_photo_and_paints_nothing(demo, url):
    demo.open(url)
    demo.page.keyboard.press("h")
    demo.paint((150, 100), (170, 115))
    assert demo.painted() == 0
    demo.page.keyboard.press("b")
    demo.paint((170, 115))  # where the pixel (150, 100) has gone
    demo.fill()
    assert centre(demo.sent_hole()) == pytest.approx((150, 100), abs=2)


def test_by_keyboard_alone(demo, url):
    demo.open(url)
    keys = demo.page.keyboard
    assert demo.page.evaluate("document.activeElement.id") == "editor"
    keys.press("Space")
    dab = demo.painted()
    keys.press("ArrowRight")
    keys.press("Shift+ArrowRight")
    assert demo.painted() > dab > 0
    size = float(demo.page.input_value("#size"))
    keys.press("]")
    assert float(demo.page.input_value("#size")) > size
    keys.press("Enter")
    demo.wait_for("result")
    assert centre(demo.sent_hole())[0] > WIDTH / 2
    assert demo.page.evaluate("document.activeElement.id") == "handle"
    keys.press("Home")
    assert demo.page.get_attribute("#handle", "aria-valuenow") == "0"
    keys.press("ArrowRight")
    assert demo.page.get_attribute("#handle", "aria-valuenow") == "2"
    with demo.page.expect_download() as download:
        keys.press("Control+s")
    assert download.value.suggested_filename == "noise-filled.png"
    keys.press("Escape")
    demo.wait_for("painting")
    assert demo.painted() > 0
    assert demo.page.evaluate("document.activeElement.id") == "editor"


def test_from_the_sample_to_the_file_with_nothing_but_keys(demo, url):
    demo.page.goto(url)
    demo.wait_for("empty")
    keys = demo.page.keyboard

    def tab_to(name: str) -> None:
        for _ in range(20):
            keys.press("Tab")
            if demo.page.evaluate("document.activeElement.dataset.do") == name:
                ring = "getComputedStyle(document.activeElement).outlineStyle"
                assert demo.page.evaluate(ring) == "solid"  # the focus is seen
                return
        raise AssertionError(f"{name} cannot be reached")

    tab_to("sample")
    keys.press("Enter")
    demo.wait_for("painting")
    keys.press("Shift+ArrowRight")
    tab_to("fill")
    keys.press("Space")
    demo.wait_for("result")
    keys.press("ArrowLeft")
    tab_to("saveAs")
    keys.press("Enter")
    keys.press("ArrowDown")
    with demo.page.expect_download() as download:
        keys.press("Enter")
    assert download.value.suggested_filename == "sample-filled.png"


def test_a_slider_compares_before_and_after(demo, url):
    def shown() -> int:
        return demo.page.evaluate(
            """(at) => {
              const canvas = document.querySelector('#editor canvas');
              const box = canvas.getBoundingClientRect();
              const [x, y] = [at[0] - box.left, at[1] - box.top];
              return canvas.getContext('2d').getImageData(x, y, 1, 1).data.join();
            }""",
            demo.at(150, 100),
        )

    demo.open(url)
    before = shown()
    demo.paint((130, 100), (170, 100))
    demo.fill()
    handle = demo.page.locator("#handle")
    handle.press("Home")
    assert shown() != before
    handle.press("End")
    assert shown() == before
    box = handle.bounding_box()
    demo.page.mouse.move(box["x"] + 22, box["y"] + 22)
    demo.page.mouse.down()
    demo.page.mouse.move(*demo.at(75, 100), steps=3)
    demo.page.mouse.up()
    assert handle.get_attribute("aria-valuenow") == "25"
    assert shown() != before


def test_the_result_can_be_painted_on(demo, url):
    demo.open(url)
    demo.paint((60, 60))
    demo.fill()
    first = demo.sent_hole()
    once = demo.downloaded()
    demo.do("continue")
    demo.wait_for("painting")
    assert demo.painted() == 0
    demo.paint((200, 120))
    demo.fill()
    second = demo.sent_hole()
    twice = demo.downloaded()
    assert not (first & second).any()
    np.testing.assert_array_equal(twice[~second], once[~second])
    np.testing.assert_array_equal(twice[first], once[first])


def test_the_sample_and_nothing_from_elsewhere(demo, url):
    asked = []
    demo.page.on("request", lambda request: asked.append(request.url))
    demo.page.goto(url)
    demo.do("sample")
    demo.wait_for("painting")
    demo.paint((60, 60))
    demo.fill()
    assert {urlsplit(each).netloc for each in asked if not each.startswith(("blob:", "data:"))} == {
        urlsplit(url).netloc
    }


def test_a_drop_and_a_paste_open_a_photo(demo, url):
    for kind, field in (("drop", "dataTransfer"), ("paste", "clipboardData")):
        demo.page.goto(url)
        demo.page.evaluate(
            """async ([kind, field]) => {
              const blob = await (await fetch('web/sample.jpg')).blob();
              const transfer = new DataTransfer();
              transfer.items.add(new File([blob], 'dropped.jpg', { type: blob.type }));
              const event = kind === 'drop'
                ? new DragEvent(kind, { [field]: transfer, bubbles: true, cancelable: true })
                : new ClipboardEvent(kind, { [field]: transfer, bubbles: true });
              document.body.dispatchEvent(event);
            }""",
            [kind, field],
        )
        demo.wait_for("painting")


def test_a_file_that_is_no_picture_is_refused_in_words(demo, url, tmp_path):
    file = tmp_path / "letter.png"
    file.write_text("Dear Sir")
    demo.page.goto(url)
    demo.page.set_input_files("#file", file)
    demo.page.wait_for_selector("#alert")
    assert "letter.png is no picture that this browser knows." in demo.page.inner_text("#alert")
    demo.do("dismiss")
    assert demo.page.is_hidden("#alert")


def test_without_paint_nothing_is_sent(demo, url):
    demo.open(url)
    demo.do("fill")
    assert demo.page.inner_text("#news") == "Paint over what should go first"
    assert demo.page.evaluate("sent") == {}


def test_errors_are_shown_in_words_and_a_key_can_be_given(demo):
    with client_of(api_keys="open-sesame") as service:
        demo.open(f"{service.base_url}/")
        demo.paint((60, 60))
        demo.do("fill")
        demo.page.wait_for_selector("dialog#settings[open]")
        assert "no key was sent" in demo.page.inner_text("#alert").lower()
        demo.page.fill("[name=key]", "open-sesame")
        demo.page.keyboard.press("Enter")
        demo.fill()
        assert demo.page.is_hidden("#alert")


def test_progress_is_shown_and_the_work_can_be_cancelled(demo):
    engine = GatedEngine(max_batch=1)
    with client_of(engine) as service:
        try:
            demo.open(f"{service.base_url}/")
            demo.paint((40, 40), (260, 160))
            demo.do("fill")
            engine.gate.release()
            demo.page.wait_for_selector("#phase:text-matches('^Filling, 1 of ')")
            assert demo.page.get_attribute("#progress", "value") == "1"
            demo.do("cancel")
            demo.wait_for("painting")
            assert demo.painted() > 0
            assert demo.page.is_hidden("#alert")
            engine.open()
            wait_until_idle(service)
        finally:
            engine.open()


@pytest.mark.parametrize("demo", [PHONE], indirect=True)
def test_on_a_phone_a_finger_paints_and_two_zoom(demo, url):
    demo.open(url)
    page = demo.page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in page.locator("button:visible, a:visible").all():
        box = button.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["y"] + box["height"] <= 780
        assert min(box["width"], box["height"]) >= 40
    page.touchscreen.tap(*demo.at(100, 80))
    dab = demo.painted()
    assert dab > 0

    percent = page.text_content(".percent >> nth=0")
    touch = page.context.new_cdp_session(page)
    x, y = demo.at(150, 100)
    for kind, apart in (("touchStart", 20), ("touchMove", 40), ("touchMove", 60), ("touchEnd", 0)):
        points = [{"x": x - apart, "y": y, "id": 1}, {"x": x + apart, "y": y, "id": 2}]
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [] if kind == "touchEnd" else points},
        )
    assert page.text_content(".percent >> nth=0") != percent
    demo.do("undo")
    assert demo.painted() == 0  # the two fingers painted nothing
    page.keyboard.press("0")
    page.touchscreen.tap(*demo.at(100, 80))
    assert demo.painted() == dab
    demo.fill()
    assert centre(demo.sent_hole()) == pytest.approx((100, 80), abs=2)


def test_a_pen_that_is_pressed_harder_paints_wider(demo, url):
    demo.open(url)
    pen = demo.page.context.new_cdp_session(demo.page)
    sizes = []
    for force in (0.1, 0.9):
        x, y = demo.at(100, 80)
        event = {"x": x, "y": y, "button": "left", "pointerType": "pen", "force": force}
        pen.send("Input.dispatchMouseEvent", event | {"type": "mousePressed", "clickCount": 1})
        pen.send("Input.dispatchMouseEvent", event | {"type": "mouseReleased", "clickCount": 1})
        sizes.append(demo.painted())
        demo.do("undo")
    assert sizes[1] > 2 * sizes[0] > 0


@pytest.mark.parametrize("demo", [{"color_scheme": s} for s in ("light", "dark")], indirect=True)
def test_texts_have_contrast_in_both_themes(demo, url):
    """WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    demo.page.goto(url)
    themes = demo.page.evaluate(
        """() => {
          const style = getComputedStyle(document.documentElement);
          const context = document.createElement('canvas').getContext('2d');
          const luminance = (name) => {
            context.fillStyle = style.getPropertyValue(name);
            context.fillRect(0, 0, 1, 1);
            const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((v) => {
              const c = v / 255;
              return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          return [
            ['--text', '--page'], ['--text', '--surface'], ['--soft', '--surface'],
            ['--soft', '--stage'], ['--on-accent', '--accent'], ['--danger', '--raised'],
            ['--text', '--tint'],
          ].map(([a, b]) => {
            const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
            return [a, b, (light + 0.05) / (dark + 0.05)];
          });
        }"""
    )
    for text, ground, contrast in themes:
        assert contrast >= 4.5, (text, ground)


def test_every_control_has_a_name(demo, url):
    demo.open(url)
    nameless = demo.page.evaluate(
        """() => [...document.querySelectorAll('button, a, input, select, [role=slider], progress')]
          .filter((e) => !(e.hidden && e.id === 'file'))
          .filter((e) => !(e.ariaLabel || e.textContent.trim() || e.labels?.length
            || e.getAttribute('aria-labelledby')))
          .map((e) => e.outerHTML)"""
    )
    assert nameless == []
