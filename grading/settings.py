"""How submissions are graded: other settings may give other results."""

from dataclasses import dataclass

PYTHON_IMAGE = "python:3.15-slim-trixie"


@dataclass(frozen=True, slots=True)
class Settings:
    """For all submissions of a run."""

    form: str = "text"  # of the cards
    protocol: str = "handout"
    timeout: float = 3  # seconds
    wait: float = 10
    build_seconds: float = 300
    python_image: str = PYTHON_IMAGE
    checker: str = "thread-lanes"  # its image
