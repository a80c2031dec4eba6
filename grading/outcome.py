"""The result of a submission: a card, or why there is none; and its row in the grade book."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

ABSENT = "listens"  # the one check on the card of a server that was not there


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known about one submission once it has been graded."""

    said: str  # in a few words
    checked: bool  # else it could not be
    card: str = ""  # of `lanes check --format json`, if there is one
    shown: str = ""  # the same for people
    told: str = ""  # the same in the format that was asked for
    log: str = ""  # what it printed, or why it could not be built
    judged: bool = True  # else it is not known what the submission is worth

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """An outcome that `written` has written."""
        return cls(**told)

    def written(self) -> dict[str, Any]:
        """For a file."""
        return asdict(self)

    @property
    def checks(self) -> Sequence[Mapping[str, Any]]:
        """Those on the card."""
        return json.loads(self.card)["checks"] if self.card else []

    def named(self, verdict: str) -> list[str]:
        """The names of the checks with this verdict."""
        return [check["name"] for check in self.checks if check["verdict"] == verdict]

    @property
    def left_out(self) -> list[str]:
        """The checks that were not tried, except because the server was broken."""
        not_tried = [check for check in self.checks if check["verdict"] == "not tried"]
        return [check["name"] for check in not_tried if not check.get("after")]

    @property
    def cause(self) -> str:
        """The likely first cause: earlier checks are about what later ones need."""
        hints = (check["hint"] for check in self.checks if check["verdict"] == "failed")
        return next(hints, None) or ("" if self.checked else self.said)


def said_of_card(card: str, where: str) -> str:
    """What a card says, in a few words: only what failed counts as failed."""
    verdicts = [check["verdict"] for check in json.loads(card)["checks"]]
    if "failed" in verdicts:
        return f"failed: see {where}"
    return (
        f"passed, but something was not tried: see {where}"
        if "not tried" in verdicts
        else "all passed"
    )
