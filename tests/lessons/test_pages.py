"""Everything that the pages point to exists."""

import re

from lanes.check.scorecard import OFFERED
from tests.kit.command import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_faults_of_the_handout_name_existing_checks() -> None:
    text = (ROOT / "docs" / "handout.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d+ \|.*\|([^|]*)\|$", text, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert len(rows) == 14
    assert named
    assert named <= {check.name for check in OFFERED["lines"]}


def test_the_page_on_grading_has_every_check() -> None:
    text = (ROOT / "docs" / "grading.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE)
    assert named == [check.name for check in OFFERED["lines"]]


def test_the_claims_in_the_design_name_one_existing_test_each() -> None:
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    table = text.partition("## What the tests prove")[2].partition("\n## ")[0]
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", table)
    assert len(named) > 50
    for path, name in named:
        source = (ROOT / "tests" / path).read_text(encoding="utf-8")
        found = source.count(f"\ndef {name}")
        assert not name or found == 1, f"{path} has {found} tests {name}..."


COMMAND = re.compile(r"((?:\w+=\S+ )*)docker compose ((?:--\S+ )*)(run|up)\b([^`#\n]*)")
# Parts of the README and of docs/using.md that start their own server.
STARTS = ("Run it", "Try next", "See it", "Several servers")


def test_commands_for_a_running_server_leave_it_alone() -> None:
    pages = [ROOT / "README.md", ROOT / "docs" / "using.md"]
    texts = [page.read_text(encoding="utf-8") for page in pages]
    split = [part for text in texts for part in text.split("\n## ")]
    parts = [part for part in split if not part.startswith(STARTS)]
    others = [ROOT / "scripts" / "demo", ROOT / "client" / "__main__.py", ROOT / "docs/grading.md"]
    for text in (*parts, *(file.read_text(encoding="utf-8") for file in others)):
        for variables, _, verb, words in COMMAND.findall(text):
            told_otherwise = verb == "up" and (
                variables or "--build" in words or "--force" in words
            )
            assert told_otherwise or "--no-deps" in words, f"docker compose {verb}{words}"
    for page in PAGES:
        for _, _, verb, words in COMMAND.findall(page.read_text(encoding="utf-8")):
            assert verb == "up" or "--no-deps" in words, f"{page}: docker compose run{words}"
