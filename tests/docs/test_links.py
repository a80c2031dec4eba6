"""Every page can be reached, and its links work, on the site and as files on a forge."""

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.kit.command import ROOT

FOLDERS = (ROOT / "docs", ROOT / "examples")
PAGES = sorted({*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in folder.rglob("*.md"))})
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]+`")
LINK = re.compile(r"(?:\]\(|src=\"|srcset=\")([^)\"\s]+)")
ELSEWHERE = re.compile(r"[a-z]+:")
TITLE_LINK = re.compile(r"\[(.*?)\]\(.*?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def read(page: Path) -> str:
    return BLOCK.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives headings; zensical.toml makes the site do the same."""
    titles = (TITLE_LINK.sub(r"\1", title) for title in HEADING.findall(read(page)))
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", NAMES)
def test_each_link_of_a_page_leads_to_a_file_and_to_a_heading_in_it(name: str) -> None:
    page = ROOT / name
    for link in LINK.findall(CODE.sub("", read(page))):
        if ELSEWHERE.match(link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_navigation_has_each_page_once() -> None:
    def listed(entry: Any) -> list[str]:  # noqa: ANN401 - TOML has no types
        if isinstance(entry, str):
            return [entry]
        parts = entry.values() if isinstance(entry, dict) else entry
        return [page for part in parts for page in listed(part)]

    site = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    assert Counter(listed(site["project"]["nav"])) == Counter(NAMES)
