"""The lessons' talk in a real Chromium: nothing is cut off, and the keyboard turns the slides."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

from lessons.slides import deck
from lessons.slides.deck import page, slides

TALK = slides((deck.FOLDER / "talk.md").read_text(encoding="utf-8"))
CUT_OFF = """() => [...document.querySelectorAll("section, pre")].filter((box) =>
    box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1
).map((box) => box.textContent.slice(0, 60))"""
IN_VIEW = """() => [...document.querySelectorAll("section")].find((slide) =>
    Math.abs(slide.getBoundingClientRect().top) < 2).id"""


@pytest.fixture
def talk(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    path = tmp_path_factory.mktemp("talk") / "slides.html"
    path.write_text(page(TALK), encoding="utf-8")
    with chromium.new_context() as context:
        shown = context.new_page()
        shown.goto(path.as_uri())
        yield shown


@pytest.mark.parametrize("size", [(1280, 720), (1024, 768), (1920, 1080)])
def test_every_slide_fits_its_window(talk: Page, size: tuple[int, int]) -> None:
    talk.set_viewport_size(ViewportSize(width=size[0], height=size[1]))
    assert talk.evaluate(CUT_OFF) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_wrong(talk: Page, dark: bool) -> None:  # noqa: FBT001 - as parametrised
    talk.emulate_media(color_scheme="dark" if dark else "light")
    found = Axe().run(talk)
    assert found.violations_count == 0, found.generate_report()


def test_keys_turn_the_slides_and_show_the_notes(talk: Page) -> None:
    for key, slide in [("End", len(TALK)), ("Home", 1), ("ArrowRight", 2), (" ", 3), ("PageUp", 2)]:
        talk.keyboard.press(key)
        talk.wait_for_function(f"({IN_VIEW})() === '{slide}'")
    note = talk.locator("section[id='2'] aside")
    assert not note.is_visible()
    talk.keyboard.press("n")
    assert note.is_visible()
