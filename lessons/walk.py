"""A walk through a lesson, from stop to stop, forwards and back; it can be resumed later."""

import sys

from lessons import place
from lessons.lesson import Command, Lesson, find
from lessons.screen import Screen
from lessons.shell import Ran, run
from lessons.stops import Stop, server_started_at, stops


class Left(Exception):
    """The reader has quit, and may resume later."""


class Walk:
    """One reader in one lesson. Without a terminal, it asks nothing and runs everything."""

    def __init__(self, lesson: Lesson) -> None:
        self._lesson = lesson
        self._stops = stops(lesson)
        self._questions = next((stop.questions for stop in self._stops if stop.questions), ())
        self._screen = Screen()
        self._asks = sys.stdin.isatty()
        self._place = place.Place(len(self._stops))

    def go(self) -> None:
        """Walk to the end of the lesson; raises Left."""
        self._screen.heading(f"Lesson {self._lesson.number}: {self._lesson.title}")
        if self._asks:
            self._resume()
        while self._place.stop < len(self._stops):
            self._save()
            self._place.stop = max(self._place.stop + self._at(self._stops[self._place.stop]), 0)
        if self._asks:
            place.forget(self._lesson.number)
            self._screen.say(f"This is the end of lesson {self._lesson.number}.{self._following()}")

    def _save(self) -> None:
        if self._asks:
            place.save(self._lesson.number, self._place)

    def _following(self) -> str:
        number = str(int(self._lesson.number) + 1)
        return f" Next: `make lesson N={number}`" if number in find() else ""

    def _resume(self) -> None:
        saved = place.load(self._lesson.number, len(self._stops))
        if not saved.stop:
            self._place = saved  # it may have predictions
            return
        self._screen.say(f"You left this lesson at step {saved.stop + 1} of {saved.stops}.")
        if start := server_started_at(self._stops[: saved.stop]):
            where = f"go back to step {start}, which starts a server."
            self._screen.say(f"If you have run `make down` since, {where}")
        if self._ask("Enter resumes there, a starts again, q quits", "aq") != "a":
            self._place = saved

    def _at(self, stop: Stop) -> int:
        """Show a stop; return how many stops to go forward, or -1 to go back."""
        at = self._place.stop
        section = f"{stop.section} · " if stop.section else ""
        self._screen.heading(f"{section}step {at + 1} of {len(self._stops)}")
        predicted = self._place.predictions
        if predicted and stop.section == "See" and self._stops[at - 1].section != "See":
            self._screen.predictions(self._questions, predicted)
        if stop.prose:
            self._screen.prose(stop.prose)
        if stop.questions:
            return self._predict(stop)
        if stop.answers:
            self._screen.predictions(self._questions, predicted, stop.answers)
        if stop.commands:
            return self._perform(stop.commands)
        return _turn(self._ask("Enter continues, b goes back, q quits", "bq"))

    def _predict(self, stop: Stop) -> int:
        """Ask for predictions, and save each at once; Enter keeps what was typed before."""
        if not self._asks:
            return 1
        self._screen.say("What do you think? Enter continues, b goes back, q quits.")
        predictions = self._place.predictions or [""] * len(stop.questions)
        for number, before in enumerate(predictions):
            said = self._say(f"  {number + 1}. " + (f"({before}) " if before else ""))
            if said.lower() == "b":
                return _turn("b")
            predictions[number] = said or before
            self._place.predictions = predictions
            self._save()
        return 1

    def _perform(self, commands: tuple[Command, ...]) -> int:
        """Show the commands and, if the reader wants it, run them, as often as wanted."""
        for command in commands:
            self._screen.command(command)
        it = "it" if len(commands) == 1 else "them"
        answer = self._ask(f"Enter runs {it}, s skips {it}, b goes back, q quits", "sbq")
        if not answer:
            answer = self._run_all(commands)
        while answer == "r":
            for command in commands:
                self._screen.command(command)
            answer = self._run_all(commands)
        return _turn(answer)

    def _run_all(self, commands: tuple[Command, ...]) -> str:
        """Run the commands up to the first that fails; return the reader's answer to the output."""
        for command in commands:
            ran = self._run(command)
            if ran.exit_code:
                break
        if not ran.exit_code and not command.expected:
            return ""  # there is nothing worth looking at
        return self._look(ran, seen=self._screen.outcome(command, ran))

    def _run(self, command: Command) -> Ran:
        with self._screen.running() as show:
            return run(command.text, show)

    def _look(self, ran: Ran, *, seen: bool) -> str:
        more, keys = ("", "rbq") if seen else (", l shows all lines", "lrbq")
        while True:
            answer = self._ask(f"Enter continues{more}, r repeats it, b goes back, q quits", keys)
            if answer != "l":
                return answer
            self._screen.page(ran)

    def _ask(self, question: str, keys: str) -> str:
        """Return one of these keys, or nothing for Enter; raises Left for q."""
        while self._asks:
            answer = self._say(f"{question}: ").lower()
            if not answer or answer in set(keys):
                return answer
            self._screen.say(f"The keys here are {', '.join(keys)} and Enter.")
        return ""

    def _say(self, prompt: str) -> str:
        """Return what the reader types; raises Left for q."""
        said = input(prompt).strip()
        if said.lower() == "q":
            raise Left
        return said


def _turn(answer: str) -> int:
    """Return how many stops to go forward after this answer."""
    return -1 if answer == "b" else 1
