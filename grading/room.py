"""One submission in a Compose project of its own: built, started, checked, removed."""

import json
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grading.engine import Engine, Late, last_line
from grading.handed_in import Submission
from grading.outcome import ABSENT, Outcome, said_of_card
from grading.staging import RECIPE, Unusable

HERE = Path(__file__).parent
SERVER = "localhost:2022"
PYTHON_IMAGE = "python:3.15-slim-trixie"
LINES = 1000  # of its output are kept
ENDS = 120.0  # seconds for a check to end, beyond what it waits for the server and for its answers


@dataclass(frozen=True, slots=True)
class Settings:
    """How submissions are graded: others give other results."""

    form: str = "text"
    timeout: float = 3
    wait: float = 10
    build_seconds: float = 300
    python_image: str = PYTHON_IMAGE
    checker: str = "thread-lanes"


class Room:
    """Grades one submission after the other; others may run beside it."""

    def __init__(self, project: str, engine: Engine, settings: Settings) -> None:
        self.project = project
        self._engine = engine
        self._settings = settings
        self._image = f"thread-lanes-submission:{project.removeprefix('thread-lanes-grading-')}"
        self._variables = {"SUBMISSION_IMAGE": self._image, "COMPOSE_PROJECT_NAME": project}

    def grade(self, submission: Submission, where: str) -> Outcome:
        """What comes of it; `where` its card will be. Raises Stopped."""
        try:
            with tempfile.TemporaryDirectory() as place:
                folder = Path(place, "submission")
                folder.mkdir()
                submission.put_into(folder)
                self._build(folder)
            self._start()
        except Unusable as why:
            text, _, log = str(why).partition("\n")
            return Outcome(text, checked=False, log=log or text)
        try:
            return self._checked(where)
        except (ValueError, LookupError) as error:  # somebody else has removed a container
            return Outcome(f"could not be checked: the engine said {error!r}", checked=False)

    def remove(self) -> None:
        """Whatever of it is there."""
        engine = Engine()  # one that nobody has stopped
        engine.run(*self._compose("down", "--volumes", "--timeout", "0"), variables=self._variables)
        engine.run("docker", "image", "rm", self._image)

    def _build(self, folder: Path) -> None:
        recipe = folder if (folder / RECIPE).is_file() else HERE
        words = ("docker", "build", "--quiet", "--file", str(recipe / RECIPE), "--tag", self._image)
        base = f"PYTHON_IMAGE={self._settings.python_image}"
        seconds = self._settings.build_seconds
        build = (*words, "--build-arg", base, str(folder))
        try:
            done = self._engine.run(*build, within=seconds, builds=True)
        except Late:
            raise Unusable(f"does not build within {seconds:g} s") from None
        if done.returncode:
            raise Unusable(f"does not build: {last_line(done.stderr)}\n{done.stderr}")

    def _start(self) -> None:
        """As the image's user, the checker too: root if the image does not say.

        A name is known in the image alone; then the checker has a user of its own.
        """
        words = ("docker", "image", "inspect", "--format", "{{.Config.User}}", self._image)
        user = self._engine.run(*words).stdout.strip() or "0:0"
        if not user.strip("0123456789:"):
            self._variables["SUBMISSION_USER"] = user
        else:
            self._variables.pop("SUBMISSION_USER", None)
        up = self._compose("up", "--detach", "submission")
        done = self._engine.run(*up, variables=self._variables)
        if done.returncode:
            raise Unusable(f"does not start: {last_line(done.stderr)}\n{done.stderr}")

    def _checked(self, where: str) -> Outcome:
        settings = self._settings
        waits = (f"--timeout={settings.timeout:g}", f"--wait={settings.wait:g}")
        card, why = self._check(*waits)
        container = self._container("submission")
        log = self._log(container)
        state = self._state(container)
        absent = not card or [one["name"] for one in json.loads(card)["checks"]] == [ABSENT]
        if absent and state["Running"]:
            card, _ = self._check("--printed=-", says=log)
        elif absent:  # and with it its network: nobody is there in the room either
            card = self._in_room(SERVER, "--printed=-", "--format=json", says=log)
        said = said_of_card(card, where) if card else ""
        if absent and not state["Running"]:
            memory = ", out of memory" if state["OOMKilled"] else ""
            said = f"ended at once: {last_line(log)}{memory}"
        elif absent:
            said = f"could not be checked: {why}"
        shown = {"json": card} | {
            form: self._in_room("--card=-", f"--format={form}", says=card)
            for form in {"text", settings.form} - {"json"}
            if card
        }
        told = shown.get(settings.form, "")
        return Outcome(said, not absent, card, shown.get("text", ""), told, log)

    def _check(self, *options: str, says: str = "") -> tuple[str, str]:
        """A card, if there is one, and the last that was said."""
        run = self._compose("run", "--rm", "--no-deps", "--no-TTY", "check", "check", SERVER)
        words = (*run, "--require=threads", "--format=json", *options)
        within = self._settings.wait + ENDS * max(1, self._settings.timeout)
        try:
            done = self._engine.run(*words, says=says, variables=self._variables, within=within)
        except Late:
            return "", "the check did not end"
        return _whole(done.stdout), last_line(done.stderr)

    def _in_room(self, *words: str, says: str) -> str:
        """What `lanes check` says in a container that has no network."""
        run = ("docker", "exec", "--interactive", self._container("room"))
        return self._engine.run(*run, "python3", "-m", "lanes", "check", *words, says=says).stdout

    def _container(self, service: str) -> str:
        asked = self._compose("ps", "--all", "--quiet", service)
        return self._engine.run(*asked, variables=self._variables).stdout.strip()

    def _log(self, container: str) -> str:
        words = ("docker", "logs", "--tail", str(LINES), container)
        return self._engine.run(*words, merged=True).stdout

    def _state(self, container: str) -> Mapping[str, Any]:
        words = ("docker", "inspect", "--format", "{{json .State}}", container)
        state: Mapping[str, Any] = json.loads(self._engine.run(*words).stdout)
        return state

    @staticmethod
    def _compose(*words: str) -> tuple[str, ...]:
        file = str(HERE / "compose.yaml")
        return ("docker", "compose", "--file", file, "--progress", "quiet", *words)


def _whole(card: str) -> str:
    """The card, unless the checker was ended in the middle of it."""
    with suppress(ValueError):
        json.loads(card)
        return card
    return ""
