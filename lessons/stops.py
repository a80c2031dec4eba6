"""Divides a lesson into the stops of a walk: prose to read, commands to run, or questions."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lessons.lesson import Command, Lesson, Prose

WORDS = 120  # at one stop: they fit on a terminal of 24 lines
PART = re.compile(r"^(?=## )", re.MULTILINE)
HEADING = re.compile(r"\A#(?:# (.*)| .*)\s*")  # the title does not begin a section
PICTURE = re.compile(r"^!\[.*\]\(.*\)$", re.MULTILINE)  # a terminal cannot show pictures
ANSWERS = re.compile(r"<details>\n<summary>.*?</summary>\n\n(.*?)\n\n</details>", re.DOTALL)
STARTS_A_SERVER = re.compile(r"\bmake demo\b|\bdocker compose\b.*\bup\b", re.DOTALL)
ENDS_IT = "make down"
ITEM = re.compile(r"^\d+\. (.+(?:\n {3}.+)*)", re.MULTILINE)


@dataclass(frozen=True)
class Stop:
    """What the reader sees at one time."""

    section: str
    prose: str = ""
    commands: tuple[Command, ...] = ()  # all but the last print nothing worth showing
    questions: tuple[str, ...] = ()  # asked in the prose
    answers: tuple[str, ...] = ()


def stops(lesson: Lesson) -> list[Stop]:
    """Return all stops, in order. A command is at the same stop as the prose before it."""
    found: list[Stop] = []
    section = ""
    leads = False  # whether the next command belongs to the last stop
    for step in lesson.steps:
        if isinstance(step, Prose):
            for part in PART.split(step.text):
                heading = HEADING.match(part)
                section = heading[1] or "" if heading else section
                found += _of_prose(section, PICTURE.sub("", HEADING.sub("", part)))
            leads = bool(found) and found[-1] == Stop(section, found[-1].prose)
        elif isinstance(step, Command):
            before = found.pop() if leads else Stop(section)
            found.append(Stop(section, before.prose, (*before.commands, step)))
            leads = not step.expected
        else:
            leads = False  # the reader looks at the last command's output first
    return found


def server_started_at(past: Iterable[Stop]) -> int | None:
    """Return the number of the last stop that starts a server; None if a later one ends it."""
    found = None
    for number, stop in enumerate(past, start=1):
        for command in stop.commands:
            if STARTS_A_SERVER.search(command.text):
                found = number
            elif ENDS_IT in command.text:
                found = None
    return found


def _of_prose(section: str, text: str) -> Iterator[Stop]:
    prose, *rest = ANSWERS.split(text)
    questions = _items(prose) if section == "Predict" else ()
    if questions:
        yield Stop(section, prose.strip(), questions=questions)
    else:
        yield from (Stop(section, part) for part in _parts(prose))
    if rest:
        answers, after = rest
        yield Stop(section, answers=_items(answers))
        yield from _of_prose(section, after)


def _items(text: str) -> tuple[str, ...]:
    return tuple(" ".join(item.split()) for item in ITEM.findall(text))


def _parts(prose: str) -> Iterator[str]:
    """Yield as many whole paragraphs at a time as fit."""
    part = ""
    for paragraph in re.split(r"\n{2,}", prose.strip()):
        if part and len(f"{part} {paragraph}".split()) > WORDS:
            yield part
            part = ""
        part = f"{part}\n\n{paragraph}".strip()
    if part:
        yield part
