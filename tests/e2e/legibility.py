"""Check that the text of a page can be read: where each piece is, and in which colours."""

import re
from itertools import combinations
from typing import NamedTuple

from playwright.sync_api import expect

from tests.e2e.browser import WINDOWS, Look

SPARE = 3  # pixels that a font may add above and below its letters

DRAWN = """() => [...document.querySelectorAll(".lanes text")].map((text) => {
    const { left, top, right, bottom } = text.getBoundingClientRect();
    return [text.textContent, left, top, right, bottom];
})"""

# A caption may lie on its bar's solid part; all other text of the drawing lies on the background.
COLOURS = """() => {
    const style = (element) => getComputedStyle(element);
    const body = style(document.body).backgroundColor;
    const ground = style(document.querySelector(".lanes .ground")).fill;
    const chosen = "[aria-current], .chosen";
    const behind = (text) => text.matches(chosen) ? style(text).backgroundColor : body;
    const written = [...document.querySelectorAll("h1, h2, p, th, td, a")].map(
        (text) => [text.textContent, style(text).color, behind(text)]);
    const drawn = [...document.querySelectorAll(".lanes text")].map((text) => {
        const solid = text.parentNode.querySelector(".serving");
        const start = text.getBBox().x;
        const into = solid ? start - solid.x.baseVal.value : -1;
        const within = 0 <= into && into < solid?.width.baseVal.value;
        return [text.textContent, style(text).fill, within ? style(solid).fill : ground];
    });
    return [...written, ...drawn];
}"""


class Box(NamedTuple):
    """The area that a piece of text takes up, in pixels."""

    words: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > 0 and down > SPARE


class Ink(NamedTuple):
    """A piece of text, its colour, and the colour behind it: "rgb(0, 0, 0)"."""

    words: str
    colour: str
    ground: str

    @property
    def contrast(self) -> float:
        """The contrast ratio of WCAG 2: from 1, invisible, to 21, black on white."""
        darker, lighter = sorted((_luminance(self.colour), _luminance(self.ground)))
        return (lighter + 0.05) / (darker + 0.05)


def check_widths(look: Look, address: str, bars: int) -> None:
    """At any width of the window, with this many open bars, no text may be cut off or covered."""
    for window in WINDOWS:
        live = look(address, window)
        expect(live.page.locator(".lanes .bar.open")).to_have_count(bars)  # in lanes or the queue
        live.wait_until_it_fits()
        assert live.page.evaluate("document.documentElement.scrollWidth") == window["width"]
        boxes = [Box(*box) for box in live.page.evaluate(DRAWN)]
        assert [box for box in boxes if box.left < 0 or box.right > window["width"]] == []
        assert [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])] == []
        live.page.close()


def check_contrast(look: Look, address: str, bars: int) -> None:
    """In either colour scheme, all text stands out from what is behind it."""
    for dark in (False, True):
        live = look(address, dark=dark)
        expect(live.open).to_have_count(bars)
        inks = [Ink(*ink) for ink in live.page.evaluate(COLOURS)]
        assert inks
        assert [ink for ink in inks if ink.contrast < 4.5] == []  # the minimum of WCAG 2, level AA
        live.page.close()


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(part) / 255) for part in re.findall(r"\d+", colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
