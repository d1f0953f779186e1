"""Several results of one mask on the page, by another seed or another model."""

from typing import Any

import numpy as np

NO_STORAGE = """Object.defineProperty(window, 'sessionStorage', {
  get() { throw new DOMException('Access is denied for this document.', 'SecurityError'); },
});"""


def test_another_try_keeps_those_before_it(demo, url):
    demo.open(url)
    demo.paint((60, 50), (120, 90))
    demo.fill()
    mask, first = demo.sent("mask"), demo.downloaded()
    assert not demo.page.is_visible(".tries .count")
    seen = [first]
    for seed in (1, 2):
        demo.do("again")
        demo.page.wait_for_selector(f".tries .count:text-is('{seed + 1} of {seed + 1}')")
        demo.wait_for("result")
        assert demo.page.evaluate("sent.seed") == str(seed)
        assert demo.sent("mask") == mask
        assert demo.page.evaluate("document.activeElement.dataset.do") == "again"
        seen.append(demo.downloaded())
    assert not np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[1], seen[2])
    assert demo.page.is_disabled("[data-do=later]")
    demo.do("earlier")
    np.testing.assert_array_equal(demo.downloaded(), seen[1])
    demo.page.keyboard.press(",")
    assert demo.page.inner_text(".tries .count") == "1 of 3"
    assert demo.page.is_disabled("[data-do=earlier]")
    np.testing.assert_array_equal(demo.downloaded(), first)
    demo.page.keyboard.press(".")
    demo.page.keyboard.press("t")
    demo.page.wait_for_selector(".tries .count:text-is('4 of 4')")
    demo.wait_for("result")
    demo.do("back")  # one step, however many tries there were
    demo.wait_for("painting")
    assert demo.painted() > 0


def test_without_texture_there_are_eight_tries(demo, url):
    demo.open(url)
    demo.page.click("[data-do=settings]")
    demo.page.select_option("[name=texture]", "off")
    demo.page.keyboard.press("Escape")
    demo.paint((60, 50), (120, 90))
    demo.fill()
    for count in range(2, 9):
        demo.page.keyboard.press("t")
        demo.page.wait_for_selector(f".tries .count:text-is('{count} of {count}')")
        demo.wait_for("result")
    assert "no more than eight" in demo.page.inner_text(".tries")
    assert not demo.page.is_visible("[data-do=again]")
    demo.page.keyboard.press("t")
    assert demo.page.get_attribute("body", "data-state") == "result"


def test_one_model_is_no_choice(demo, url):
    demo.open(url)
    demo.paint((60, 50), (120, 90))
    demo.page.click("[data-do=settings]")
    demo.page.wait_for_selector("[name=dilate]")
    assert not demo.page.is_visible("[name=model]")
    demo.page.keyboard.press("Escape")
    demo.fill()
    assert demo.page.evaluate("'model' in sent") is False


def test_a_model_is_chosen_by_keyboard_and_remembered(demo, several):
    demo.open(f"{several.base_url}/")
    demo.paint((60, 50), (120, 90))
    demo.fill()
    assert demo.page.evaluate("sent.model") == "dummy"  # the service's own choice
    demo.page.click("[data-do=settings]")
    demo.page.focus("[name=model]")
    demo.page.keyboard.press("ArrowDown")
    demo.page.keyboard.press("Escape")
    demo.page.keyboard.press("t")  # the same mask by another model
    demo.page.wait_for_selector(".tries .count:text-is('2 of 2, other')")
    demo.wait_for("result")
    assert demo.page.evaluate("[sent.model, sent.seed]") == ["other", "0"]
    demo.page.keyboard.press(",")
    assert demo.page.inner_text(".tries .count") == "1 of 2, dummy"
    demo.page.reload()
    demo.open(f"{several.base_url}/")
    demo.paint((60, 50), (120, 90))
    demo.fill()
    assert demo.page.evaluate("sent.model") == "other"


def test_another_model_can_try_where_one_has_no_more(demo, several):
    demo.page.route("**/tries.js", _with_two_fills)
    demo.open(f"{several.base_url}/")
    demo.page.click("[data-do=settings]")
    demo.page.select_option("[name=texture]", "off")
    demo.page.keyboard.press("Escape")
    demo.paint((60, 50), (120, 90))
    demo.fill()
    demo.do("again")
    demo.page.wait_for_selector(".tries .count:text-is('2 of 2, dummy')")
    demo.wait_for("result")
    assert not demo.page.is_visible("[data-do=again]")
    demo.page.click("[data-do=settings]")
    demo.page.select_option("[name=model]", "other")
    demo.page.keyboard.press("Escape")
    assert demo.page.is_visible("[data-do=again]")
    demo.page.keyboard.press("t")
    demo.page.wait_for_selector(".tries .count:text-is('3 of 3, other')")
    demo.wait_for("result")
    assert demo.page.evaluate("[sent.model, sent.seed]") == ["other", "0"]
    assert demo.page.is_visible("[data-do=again]")
    demo.page.click("[data-do=settings]")
    demo.page.select_option("[name=model]", "dummy")
    demo.page.keyboard.press("Escape")
    assert not demo.page.is_visible("[data-do=again]")


def _with_two_fills(route: Any) -> None:
    """Two instead of eight, to save the test the others."""
    answer = route.fetch()
    script = answer.text().replace("FILLS = 8", "FILLS = 2")
    assert script != answer.text()
    route.fulfill(response=answer, body=script)


def test_a_browser_that_keeps_nothing_of_sites(demo, several):
    demo.page.add_init_script(NO_STORAGE)
    terms = {"fields": [], "models": ["dummy", "other"], "terms": "research only"}
    demo.page.route("**/service.json", lambda route: route.fulfill(json=terms))
    demo.open(f"{several.base_url}/")
    assert "research only" in demo.page.inner_text("footer .terms")
    demo.page.click("[data-do=settings]")
    demo.page.select_option("[name=model]", "other")
    demo.page.keyboard.press("Escape")
    demo.paint((60, 50), (120, 90))
    demo.fill()
    assert demo.page.evaluate("sent.model") == "other"


def test_a_model_that_is_offered_no_more_is_forgotten(demo, url, several):
    demo.page.goto(f"{several.base_url}/")
    demo.page.evaluate("sessionStorage.setItem('inpaint-model', 'gone')")
    demo.open(f"{several.base_url}/")
    demo.paint((60, 50), (120, 90))
    demo.fill()
    assert demo.page.evaluate("sent.model") == "dummy"
