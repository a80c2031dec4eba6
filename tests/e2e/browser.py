"""A page of the server in a headless Chromium, with what it logs and requests."""

from collections.abc import Callable
from typing import NamedTuple

from playwright.sync_api import ConsoleMessage, Error, Page, Response, ViewportSize

from tests.kit.waiting import SECONDS

# As in scripts/ensure-test-programs.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FLAGS = ("--disable-gpu", "--disable-quic")  # Playwright adds its own, --no-sandbox among them
MILLISECONDS = SECONDS * 1000

SIZES = ((2560, 1440), (1280, 800), (360, 740), (320, 568))  # the last two are phones
WINDOWS = [ViewportSize(width=width, height=height) for width, height in SIZES]
DESKTOP = WINDOWS[1]

# Chromium drops a request when another test adds or removes a network. That is not the page's
# fault, and it asks again.
CHANGED = "ERR_NETWORK_CHANGED"
AGAIN = "interrupted by another navigation"  # it opens its error page, or tries again by itself

# An observer is called after an update has made all of its changes, never in between.
WATCH = """() => {
    const lab = document.getElementById("lab");
    const see = () => window.updates.push([...lab.querySelectorAll(".lane .bar")].map((bar) => {
        const solid = bar.querySelector(".serving");
        const left = solid ? solid.x.baseVal.value : 0;
        const right = solid ? left + solid.width.baseVal.value : 0;
        return [bar.dataset.session, bar.classList.contains("open"), left, right];
    }));
    window.updates = [];
    const changes = { subtree: true, childList: true, attributes: true, characterData: true };
    new MutationObserver(see).observe(lab, changes);
}"""

FITS = """() => {
    const room = document.getElementById("lab").clientWidth;
    const width = document.querySelector(".lanes").getAttribute("width");
    return width <= Math.max(room, 320) && room - width < 80;
}"""


class Bar(NamedTuple):
    """A session in its lane. The solid part, in pixels, has no width while it waits."""

    session: str
    open: bool
    left: float
    right: float

    @property
    def is_solid(self) -> bool:
        return self.right > self.left


class LanesPage:
    """A page with the drawing on it: the live one, or a report."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []  # their addresses
        page.set_default_timeout(MILLISECONDS)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        self.answer = self._opened(address)

        self.lanes = page.locator(".lanes .lane")
        self.open = page.locator(".lanes .lane .bar.open")
        self.closed = page.locator(".lanes .lane .bar.closed")
        self.rows = page.locator("#lab tbody tr")
        self.news = page.locator("#news")

    def _opened(self, address: str) -> Response | None:
        while True:
            try:
                return self.page.goto(address)
            except Error as error:
                if CHANGED not in str(error) and AGAIN not in str(error):
                    raise

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and CHANGED not in message.text:
            self.complaints.append(message.text)

    def figure(self, name: str) -> str:
        """Return a number above the lanes."""
        return self.page.locator(f".lanes [data-figure='{name}']").text_content() or ""

    def threads(self) -> list[str]:
        """Return the names of the lanes, from the top."""
        return list(self.lanes.evaluate_all("lanes => lanes.map((lane) => lane.dataset.thread)"))

    def wait_for_messages(self, count: int) -> None:
        """Wait until the page has counted this many messages."""
        counted = "document.querySelector('.lanes [data-figure=messages]').textContent"
        self.page.wait_for_function(f"count => Number({counted}) >= count", arg=count)

    def wait_until_it_fits(self) -> None:
        """Wait until it is drawn for the width of this window."""
        self.page.wait_for_function(FITS)

    def watch(self) -> None:
        """Start to record what each update shows."""
        self.page.evaluate(WATCH)

    def updates(self) -> list[list[Bar]]:
        """Return what each update has shown since `watch`."""
        return [[Bar(*bar) for bar in bars] for bars in self.page.evaluate("window.updates")]


Look = Callable[..., LanesPage]  # opens an address, perhaps in another window size or in dark
