#!/usr/bin/env python3
"""Takes docs/page-light.png and docs/page-dark.png of the live page at the address given."""

import shutil
import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import ViewportSize, sync_playwright

DOCS = Path(__file__).resolve().parents[1] / "docs"
# As in scripts/ensure-test-programs.
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
WINDOW = ViewportSize(width=960, height=540)
MESSAGES = 30  # so that there is something to see
SAID = """messages =>
    parseInt(document.querySelector(".lanes [data-figure='messages']").textContent) >= messages"""
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def main(address: str) -> None:
    """Wait until the clients have said something, then take what fits into the window."""
    found = next(filter(None, map(shutil.which, CHROMIUM)))
    with sync_playwright() as play, play.chromium.launch(executable_path=found) as chromium:
        for scheme in SCHEMES:
            page = chromium.new_page(viewport=WINDOW, color_scheme=scheme)
            page.goto(address)
            page.wait_for_function(SAID, arg=MESSAGES)
            page.screenshot(path=DOCS / f"page-{scheme}.png")


if __name__ == "__main__":
    main(sys.argv[1])
