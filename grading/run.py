"""Grades all submissions, several at a time, each in a room; writes results as they come."""

import os
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from queue import SimpleQueue
from typing import NoReturn

from grading.engine import Engine
from grading.grader import Grader
from grading.handed_in import Submission
from grading.outcome import Outcome
from grading.results import Results
from grading.room import Room
from grading.settings import Settings

CHECKED, NOT_ALL, INTERRUPTED, TERMINATED = 0, 1, 130, 143
PAUSE = 0.1  # seconds between two attempts to remove the containers
CLEAR = "\r\x1b[K"
WIDEST = 40  # characters in the column of names, at most


class _Terminated(Exception):
    """SIGTERM has arrived."""


class Grading:
    """Grades all submissions, several at a time; leaves nothing running if interrupted."""

    def __init__(
        self, submissions: Sequence[Submission], results: Results, settings: Settings, at_once: int
    ) -> None:
        self._submissions = submissions
        self._results = results
        self._engine = Engine()
        default = f"thread-lanes-grading-{os.getpid()}"  # another run may be active
        project = os.environ.get("COMPOSE_PROJECT_NAME") or default
        slots = range(1, min(at_once, len(submissions)) + 1)
        rooms = [Room(f"{project}-{slot}", self._engine, settings) for slot in slots]
        self._graders = [Grader(room, settings) for room in rooms]
        self._free: SimpleQueue[Grader] = SimpleQueue()
        self._failed = False
        self._graded = 0
        self._widest = min(WIDEST, max(len(submission.name) for submission in submissions))
        for grader in self._graders:
            self._free.put(grader)

    def run(self) -> int:
        """Grade all submissions; return the exit code."""
        self._results.begin(self._submissions)
        signal.signal(signal.SIGTERM, _terminated)
        pool = ThreadPoolExecutor(len(self._graders))
        futures: dict[Future[Outcome], Submission] = {}
        code = None
        self._progress(f"0 of {len(self._submissions)} graded")
        try:
            for submission in self._submissions:
                if outcome := self._results.of(submission):
                    self._tell(submission, outcome)
                else:
                    futures[pool.submit(self._grade, submission)] = submission
            for future in as_completed(futures):
                self._results.add(futures[future], future.result())
                self._tell(futures[future], future.result())
            self._progress("")
            self._results.finish(self._submissions)
            code = NOT_ALL if self._failed else CHECKED
        except KeyboardInterrupt:
            return INTERRUPTED
        except _Terminated:
            return TERMINATED
        finally:
            if code is None:
                self._end(pool, futures)
            pool.shutdown()
            for grader in self._graders:
                grader.room.remove()
        return code

    def _grade(self, submission: Submission) -> Outcome:
        grader = self._free.get()
        try:
            outcome = grader.grade(submission, str(self._results.where(submission.name)))
            grader.room.remove()
        finally:
            self._free.put(grader)
        return outcome

    def _tell(self, submission: Submission, outcome: Outcome) -> None:
        self._graded += 1
        self._failed = self._failed or not outcome.checked
        self._progress("")
        print(_printable(f"{submission.name:<{self._widest}} {outcome.said}"), flush=True)
        self._progress(f"{self._graded} of {len(self._submissions)} graded")

    def _progress(self, text: str) -> None:
        """On a terminal, replace the progress line."""
        if sys.stderr.isatty():
            print(f"{CLEAR}{text}", end="", file=sys.stderr, flush=True)

    def _end(self, pool: ThreadPoolExecutor, futures: dict[Future[Outcome], Submission]) -> None:
        """Stop grading: remove all containers, repeatedly, until the last grader has ended."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        self._progress("")
        of = f"{self._graded} of {len(self._submissions)}"
        said = f"Interrupted with {of} graded; the same command resumes there."
        print(said, file=sys.stderr, flush=True)
        self._engine.stop()
        pool.shutdown(wait=False, cancel_futures=True)
        while not all(future.done() for future in futures):
            for grader in self._graders:
                grader.room.remove()
            time.sleep(PAUSE)


def _printable(text: str) -> str:
    """Replace control characters, which a terminal would obey."""
    return "".join(one if one.isprintable() else "?" for one in text)


def _terminated(_number: int, _frame: object) -> NoReturn:
    raise _Terminated
