"""The result of a submission: a card, or the reason why there is none."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

ABSENT = "listens"  # the only check on the card if there was no server


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known about a submission after grading."""

    said: str  # the result in a few words
    checked: bool  # whether the checks could run
    card: str = ""  # from `lanes check --format json`, if there is one
    shown: str = ""  # the card as text
    told: str = ""  # the card in the requested format
    log: str = ""  # what the program printed, or why it could not be built
    judged: bool = True  # False: points unknown, because grading itself failed

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """Return the outcome that `written` returned as a dict."""
        return cls(**told)

    def written(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return asdict(self)

    @property
    def checks(self) -> Sequence[Mapping[str, Any]]:
        """The checks on the card."""
        return json.loads(self.card)["checks"] if self.card else []

    def named(self, verdict: str) -> list[str]:
        """Return the names of the checks with this verdict."""
        return [check["name"] for check in self.checks if check["verdict"] == verdict]

    @property
    def left_out(self) -> list[str]:
        """Names of the checks that were not tried for a reason other than a broken server."""
        not_tried = [check for check in self.checks if check["verdict"] == "not tried"]
        return [check["name"] for check in not_tried if not check.get("after")]

    @property
    def cause(self) -> str:
        """The hint of the first failed check, because later checks need what earlier ones test."""
        hints = (check["hint"] for check in self.checks if check["verdict"] == "failed")
        return next(hints, None) or ("" if self.checked else self.said)


def said_of_card(card: str, where: str) -> str:
    """Sum up a card in a few words; a check that was not tried does not count as failed."""
    verdicts = [check["verdict"] for check in json.loads(card)["checks"]]
    if "failed" in verdicts:
        return f"failed: see {where}"
    return (
        f"passed, but something was not tried: see {where}"
        if "not tried" in verdicts
        else "all passed"
    )
