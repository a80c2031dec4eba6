"""The settings that may change the results of grading."""

from dataclasses import dataclass

PYTHON_IMAGE = "python:3.15-slim-trixie"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a run, for all submissions."""

    form: str = "text"  # of the cards
    protocol: str = "handout"
    timeout: float = 3  # seconds for an answer
    wait: float = 10  # seconds until the server listens
    build_seconds: float = 300
    python_image: str = PYTHON_IMAGE
    checker: str = "thread-lanes"  # image
