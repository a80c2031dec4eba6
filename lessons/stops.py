"""A lesson, cut into the stops of a walk: some prose to read, a command to run, or questions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lessons.lesson import Command, Lesson, Prose

WORDS = 120  # at one stop: they fit into a terminal of 24 lines
PART = re.compile(r"^(?=## )", re.MULTILINE)
HEADING = re.compile(r"\A#(?:# (.*)| .*)\s*")  # the title heads no section
PICTURE = re.compile(r"^!\[.*\]\(.*\)$", re.MULTILINE)  # a terminal shows none
ANSWERS = re.compile(r"<details>\n<summary>.*?</summary>\n\n(.*?)\n\n</details>", re.DOTALL)
ITEM = re.compile(r"^\d+\. (.+(?:\n {3}.+)*)", re.MULTILINE)


@dataclass(frozen=True)
class Stop:
    """What the reader sees at a time."""

    section: str
    prose: str = ""
    commands: tuple[Command, ...] = ()  # all but the last print nothing worth showing
    questions: tuple[str, ...] = ()  # that the prose asks
    answers: tuple[str, ...] = ()


def stops(lesson: Lesson) -> list[Stop]:
    """All stops, in order. Commands are at the same stop as the prose that leads to them."""
    found: list[Stop] = []
    section = ""
    leads = False  # the stop before is not over yet
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
            leads = False  # what the last command printed is looked at
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
    """Whole paragraphs, as many at a time as fit."""
    part = ""
    for paragraph in re.split(r"\n{2,}", prose.strip()):
        if part and len(f"{part} {paragraph}".split()) > WORDS:
            yield part
            part = ""
        part = f"{part}\n\n{paragraph}".strip()
    if part:
        yield part
