"""A Chromium for the tests that look at pages."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, ViewportSize, expect, sync_playwright

from tests.e2e.browser import DESKTOP, FLAGS, MILLISECONDS, NAMES, LanesPage, Look
from tests.kit.command import program


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    found = program(*NAMES)
    expect.set_options(timeout=MILLISECONDS)
    with (
        sync_playwright() as play,
        play.chromium.launch(executable_path=found, args=FLAGS, timeout=MILLISECONDS) as chromium,
    ):
        yield chromium


@pytest.fixture
def look(chromium: Browser) -> Iterator[Look]:
    """Return a function that opens a page. No page may have logged a complaint."""
    with ExitStack() as stack:
        looks: list[LanesPage] = []

        def look(address: str, window: ViewportSize = DESKTOP, *, dark: bool = False) -> LanesPage:
            context = chromium.new_context(
                viewport=window, color_scheme="dark" if dark else "light"
            )
            page = stack.enter_context(context).new_page()
            looks.append(LanesPage(page, address))
            return looks[-1]

        yield look
        assert [complaint for page in looks for complaint in page.complaints] == []
