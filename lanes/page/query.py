"""What a viewer asks for, as the fields of an address; and the addresses of related views."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from lanes.document import LATEST
from lanes.layout import KINDS, LONGEST, SHORTEST, picture_of
from lanes.past import as_of
from lanes.picture import ALL, Picture
from lanes.snapshot import Snapshot
from lanes.svg.drawing import HEIGHT, HIGHEST, LOWEST, NARROWEST, WIDEST, WIDTH

STEP = 20  # pixels: windows of about the same size share a drawing
HUGE = 100_000  # pixels: no window has more
TEXTS = "marked", "author", "course", "asked"
WORDS = 2_000  # characters in such a text at most


# What the script alone asks for, because it knows its window.
WINDOW = {"width": WIDTH, "height": HEIGHT, "table": True}


class NoSuchQuery(ValueError):
    """A field has a wrong value; the text says which values it can have."""


@dataclass(frozen=True, slots=True)
class Query:
    """All fields. One that is not asked for has its default, and is not in the address."""

    width: int = WIDTH
    height: int = HEIGHT
    seconds: float | None = None
    span: float | None = None  # the seconds that were shown when the viewer began to look back
    until: float | None = None  # a moment in the past
    show: str = ALL  # a kind of session
    unfold: bool = False  # whether each short visit has its own lane
    big: bool = False  # for a projector
    table: bool = True  # whether to show the table of sessions
    marked: str = ""  # a session
    author: str = ""
    course: str = ""
    asked: str = ""

    def picture(self, snapshot: Snapshot) -> Picture:
        """Return what to draw of it. A picture of the past shows nothing that happened later."""
        then = snapshot if self.until is None else as_of(snapshot, self.until)
        seconds = self.seconds or (None if self.until is None else self.span)
        return picture_of(then, seconds, kind=self.show, fold=not self.unfold)

    def moment(self, until: float | None, seen: Picture) -> str:
        """Return the address of that moment, in the scale of `seen`: so the past can be dragged."""
        past = until is not None and self.seconds is None
        return self.link(until=until, span=round(seen.span, 3) if past else None)

    def link(self, page: str = "", **changes: object) -> str:
        """Return the address of this query with changes, for a window of any size."""
        wanted = replace(self, **WINDOW, **changes)  # type: ignore[arg-type]
        told = {f.name: getattr(wanted, f.name) for f in fields(wanted)}
        given = {f.name: told[f.name] for f in fields(wanted) if told[f.name] != f.default}
        named = {name: "1" if value is True else value for name, value in given.items()}
        return f"{page}?{urlencode(named)}" if named or not page else page


def read(asked: Mapping[str, str]) -> Query:
    """Return the query that these fields ask for. Raises NoSuchQuery."""
    show = asked.get("show", ALL)
    if show not in KINDS:
        raise NoSuchQuery(f"show must be one of {', '.join(KINDS)}.")
    return Query(
        width=_size(asked, "width", NARROWEST, WIDEST, WIDTH),
        height=_size(asked, "height", LOWEST, HIGHEST, HEIGHT),
        seconds=_number(asked, "seconds", SHORTEST, LONGEST),
        span=_number(asked, "span", SHORTEST, LONGEST),
        until=_number(asked, "until", 0, LATEST),
        show=show,
        unfold=asked.get("unfold", "0") != "0",
        big=asked.get("big", "0") != "0",
        table=asked.get("table") != "0",
        **_words(asked),
    )


def _words(asked: Mapping[str, str]) -> dict[str, Any]:
    return {name: asked.get(name, "").strip()[:WORDS] for name in TEXTS}


def _size(asked: Mapping[str, str], name: str, least: int, most: int, usual: int) -> int:
    """Return the size that was asked for, or the nearest one that can be drawn."""
    wanted = _number(asked, name, 1, HUGE) or usual
    return int(min(max(wanted, least), most)) // STEP * STEP


def _number(asked: Mapping[str, str], name: str, least: float, most: float) -> float | None:
    """Return the number in this field; None if it is missing. Raises NoSuchQuery."""
    if name not in asked:
        return None
    try:
        number = float(asked[name])
    except ValueError:
        number = math.nan
    if not least <= number <= most:  # nan is not, either
        raise NoSuchQuery(f"{name} must be a number from {least:g} to {most:g}.")
    return number
