"""Turns docs/servers.json into docs/servers.md: `python -m tests.seen.page`."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

TEMPLATES = Path(__file__).with_name("templates")
DOCS = Path(__file__).parents[2] / "docs"
NAME = "servers.md"


def page(found: Mapping[str, Any]) -> str:
    """Return the page that shows what was found."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - what it makes is Markdown
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["hows"] = _hows
    environment.tests["misnamed"] = lambda one: not re.fullmatch(one["is"], one["kind"])
    said = [one for one in found["servers"] if one["wrong"] is not None]
    certain, wrong = (sum(one[what] for one in said) for what in ("certain", "wrong"))
    template = environment.get_template(f"{NAME}.jinja")
    return template.render(**found, certain=certain, wrong=wrong)


def recorded() -> dict[str, Any]:
    """Return what `make seen` has written."""
    found: dict[str, Any] = json.loads((DOCS / "servers.json").read_text())
    return found


def _hows(counted: Mapping[str, int]) -> str:
    """Return how the clients' threads are known, the most common first."""
    often = sorted(counted.items(), key=lambda item: -item[1])
    return ", ".join(f"{how} {count}" for how, count in often) or "\N{EN DASH}"


if __name__ == "__main__":
    (DOCS / NAME).write_text(page(recorded()))
