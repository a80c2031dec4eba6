"""Markdown slides -> one self-contained HTML page.

A line of `---` ends a slide. A comment says what the slide takes from a lesson: its questions
(`<!-- lesson 2: questions -->`), its `answers`, or a command and its output (`<!-- lesson 2: $ sed
-n ... -->`; if several commands begin like that, `#2` before the `$` means the second). The comment
`<!-- 1.5 min: ... -->` tells the speaker how long the slide takes and what to say.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from lessons.lesson import Command, Lesson, Malformed, find, read
from lessons.stops import stops

FOLDER = Path(__file__).parent
END = re.compile(r"^---$", re.MULTILINE)
NOTE = re.compile(r"<!-- ([\d.]+) min: (.*?) *-->\n?", re.DOTALL)
LINK = re.compile(r"(?<!!)\[([^]]+)\]\([^)]*\)")  # leads nowhere outside the lesson
TAKEN = re.compile(r"<!-- lesson (\d+): (questions|answers|(?:#(\d) )?\$ (.+?)) -->")


@dataclass(frozen=True)
class Slide:
    """One slide as Markdown, with its time and a note for the speaker."""

    text: str
    minutes: float
    note: str


def slides(text: str) -> list[Slide]:
    """Return the slides of a talk, filled in from the lessons. Raises Malformed."""
    return [_slide(part.strip()) for part in END.split(text)]


def page(talk: Sequence[Slide]) -> str:
    """Return all slides as one HTML page."""
    markdown = MarkdownIt("commonmark").enable("table")
    markdown.add_render_rule("image", _image)
    shown = "\n".join(
        f'<section id="{number}">\n{markdown.render(slide.text)}'
        f"<aside>{markdown.renderInline(slide.note)} <b>{slide.minutes:g} min</b></aside>\n"
        f"<footer>{number} / {len(talk)}</footer>\n</section>"
        for number, slide in enumerate(talk, start=1)
    )
    style, script = (_read(f"slides.{kind}") for kind in ("css", "js"))
    return Template(_read("slides.html")).substitute(style=style, script=script, slides=shown)


def _slide(text: str) -> Slide:
    note = NOTE.search(text)
    if note is None:
        raise Malformed(f"no comment says how long this slide takes:\n{text}")
    shown = TAKEN.sub(_taken, NOTE.sub("", text))
    return Slide(shown.strip(), float(note[1]), " ".join(note[2].split()))


def _taken(match: re.Match[str]) -> str:
    number, what, which, begin = match.groups()
    lesson = _lesson(number)
    if begin:
        found = [command for command in lesson.commands if command.text.startswith(begin)]
        if len(found) != 1 and not which:
            raise Malformed(f"lesson {number} has {len(found)} commands that begin with {begin}")
        return _console(found[int(which or 1) - 1])
    items = next(getattr(stop, what) for stop in stops(lesson) if getattr(stop, what))
    listed = "\n".join(f"{number}. {item}" for number, item in enumerate(items, start=1))
    return LINK.sub(r"\1", listed)


def _console(command: Command) -> str:
    printed = command.expected if command.run is None else command.run
    return "\n".join(["```console", f"$ {command.text}", *printed, "```"])


@cache
def _lesson(number: str) -> Lesson:
    return read(find()[number])


def _image(
    _renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    _env: EnvType,
) -> str:
    """Embed the picture as a data URI: in an `<img>`, an SVG keeps its styles to itself."""
    token = tokens[index]
    data = (FOLDER / str(token.attrs["src"])).read_bytes()
    address = f"data:image/svg+xml;base64,{base64.b64encode(data).decode()}"
    return f'<img alt="{token.content}" src="{address}">'


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
