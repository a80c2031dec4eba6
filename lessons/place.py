"""Where the reader left a lesson, and the reader's predictions, saved in a file in this clone."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lessons.lesson import ROOT

FOLDER = ROOT / ".lessons"


@dataclass
class Place:
    """The reader's place in a lesson with `stops` stops."""

    stops: int
    stop: int = 0  # counted from 0
    predictions: list[str] = field(default_factory=list)


def load(number: str, stops: int) -> Place:
    """Return the saved place, or the beginning if there is none or the lesson has changed."""
    try:
        saved = Place(**json.loads(_file(number).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        saved = Place(stops)
    return saved if saved.stops == stops and saved.stop < stops else Place(stops)


def save(number: str, place: Place) -> None:
    """Save the place until the lesson is finished; if this is interrupted, the old place stays."""
    FOLDER.mkdir(exist_ok=True)
    new = _file(number).with_suffix(".new")
    new.write_text(json.dumps(asdict(place)), encoding="utf-8")
    new.replace(_file(number))


def forget(number: str) -> None:
    """Delete the place, so that the next walk starts at the beginning."""
    _file(number).unlink(missing_ok=True)


def _file(number: str) -> Path:
    return FOLDER / f"{number}.json"
