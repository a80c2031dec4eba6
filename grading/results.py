"""The folder of results: cards, logs, grade book, feedback, and the state of an interrupted run."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from grading.book import Weights, write_book
from grading.feedback import feedback_on
from grading.handed_in import Submission
from grading.outcome import Outcome

UNFINISHED = ".unfinished.json"  # exists during a run, and after an interrupted one
BOOK, FEEDBACK, ARCHIVE = "summary.csv", "feedback", "feedback.zip"


class Results:
    """Writes each result as soon as it is known."""

    def __init__(self, folder: Path, form: str, weights: Weights, settings: object) -> None:
        """Read the state of an interrupted run, unless its `settings` were different."""
        self._folder = folder
        self._form = form
        self._weights = weights
        self._settings = repr(settings)
        self._done: dict[str, tuple[str, Outcome]] = {}
        self._read()

    def _read(self) -> None:
        with suppress(OSError, ValueError, LookupError, TypeError):
            told = json.loads((self._folder / UNFINISHED).read_text(encoding="utf-8"))
            if told["settings"] == self._settings:
                for name, (stamp, outcome) in told["done"].items():
                    self._done[name] = stamp, Outcome.read(outcome)

    def where(self, name: str) -> Path:
        """Return the path of a submission's card."""
        return self._folder / f"{name}.{self._form}"

    def of(self, submission: Submission) -> Outcome | None:
        """Return the outcome from an interrupted run, if the submission has not changed."""
        stamp, outcome = self._done.get(submission.name, ("", None))
        return outcome if stamp == submission.stamp() else None

    def begin(self, submissions: Sequence[Submission]) -> None:
        """Delete the old files of submissions to grade; forget submissions that are gone."""
        names = {submission.name for submission in submissions}
        self._done = {name: done for name, done in self._done.items() if name in names}
        for submission in submissions:
            if not self.of(submission):
                self._done.pop(submission.name, None)
                for file in (self.where(submission.name), self._log(submission.name)):
                    file.unlink(missing_ok=True)

    def add(self, submission: Submission, outcome: Outcome) -> None:
        """Write everything about one submission, and the grade book."""
        self._done[submission.name] = submission.stamp(), outcome
        if outcome.told:
            self.where(submission.name).write_text(outcome.told, encoding="utf-8")
        if outcome.log:
            self._log(submission.name).write_text(outcome.log, encoding="utf-8")
        feedback = self._folder / FEEDBACK / submission.feedback
        feedback.parent.mkdir(parents=True, exist_ok=True)
        feedback.write_text(feedback_on(outcome, self._weights), encoding="utf-8")
        self._write_book()
        done = {name: (stamp, one.written()) for name, (stamp, one) in self._done.items()}
        unfinished = self._folder / UNFINISHED
        new = unfinished.with_suffix(".new")
        new.write_text(json.dumps({"settings": self._settings, "done": done}), encoding="utf-8")
        new.replace(unfinished)

    def finish(self, submissions: Sequence[Submission]) -> None:
        """Write all feedback as one archive; there is nothing left to resume."""
        self._write_book()
        with zipfile.ZipFile(self._folder / ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
            for submission in submissions:
                file = self._folder / FEEDBACK / submission.feedback
                archive.write(file, submission.feedback)
        (self._folder / UNFINISHED).unlink(missing_ok=True)

    def unknown_weights(self) -> list[str]:
        """Return the checks that have a weight but appear on no card."""
        outcomes = [outcome for _, outcome in self._done.values() if outcome.checked]
        known = {check["name"] for outcome in outcomes for check in outcome.checks}
        return sorted(self._weights.keys() - known) if outcomes else []

    def _write_book(self) -> None:
        outcomes: Mapping[str, Outcome] = {name: one for name, (_, one) in self._done.items()}
        write_book(self._folder / BOOK, outcomes.items(), self._weights)

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"
