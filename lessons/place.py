"""Where one left a lesson, and what one predicted: kept in a file of this clone."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lessons.lesson import ROOT

FOLDER = ROOT / ".lessons"


@dataclass
class Place:
    """How far you have come in a lesson with `stops` stops."""

    stops: int
    stop: int = 0  # counted from 0
    predictions: list[str] = field(default_factory=list)


def load(number: str, stops: int) -> Place:
    """The place that was saved; the beginning if there is none, or the lesson has changed."""
    try:
        saved = Place(**json.loads(_file(number).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        saved = Place(stops)
    return saved if saved.stops == stops and saved.stop < stops else Place(stops)


def save(number: str, place: Place) -> None:
    """Keep it until the lesson is finished."""
    FOLDER.mkdir(exist_ok=True)
    _file(number).write_text(json.dumps(asdict(place)), encoding="utf-8")


def forget(number: str) -> None:
    """The lesson is finished: the next walk begins at its beginning."""
    _file(number).unlink(missing_ok=True)


def _file(number: str) -> Path:
    return FOLDER / f"{number}.json"
