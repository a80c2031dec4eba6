"""The containers of one submission, in their own Compose project."""

import json
from collections.abc import Mapping
from functools import partial
from subprocess import CompletedProcess
from typing import Any

from grading.engine import Engine, Late, last_line
from grading.image import HERE, Image
from grading.settings import Settings
from grading.staging import Unusable

PORT = 2022
SERVER = f"localhost:{PORT}"
LINES = 1000  # of the submission's output to keep
ENDS = 120.0  # seconds for a check to end, beyond --wait; times --timeout if that is above 1


class Room:
    """Holds one submission at a time; other rooms may exist at the same time."""

    def __init__(self, project: str, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        slot = project.removeprefix("thread-lanes-grading-")
        self.image = Image(f"thread-lanes-submission:{slot}", engine, settings)
        self._variables = {"SUBMISSION_IMAGE": self.image.tag, "COMPOSE_PROJECT_NAME": project}

    def start(self) -> None:
        """Start the submission; raises Unusable.

        The checker gets the user of the image, which is root by default. Only the image can
        resolve a user's name: if it has one, the checker keeps its own user.
        """
        self._variables.pop("SUBMISSION_USER", None)
        if user := self.image.user:
            self._variables["SUBMISSION_USER"] = user
        done = self._compose("up", "--detach", "submission")
        if done.returncode:
            raise Unusable(f"does not start: {last_line(done.stderr)}\n{done.stderr}")

    def check(self, *options: str) -> tuple[str, str]:
        """Check the submission; return the card, and the last line of standard error."""
        checker = ("run", "--rm", "--no-deps", "--no-TTY", "check", "check", SERVER)
        words = (*checker, "--require=threads", "--format=json", *options)
        within = self._settings.wait + ENDS * max(1, self._settings.timeout)
        try:
            done = self._compose(*words, within=within)
        except Late:
            return "", "the check did not end"
        return done.stdout, last_line(done.stderr).removeprefix("Error: ")

    def check_nobody(self, *options: str, says: str) -> str:
        """Run `lanes check` without a network, with `says` as input; return its output."""
        run = ("docker", "exec", "--interactive", self._container("room"))
        return self._engine.run(*run, "python3", "-m", "lanes", "check", *options, says=says).stdout

    def log(self) -> str:
        """Return the last lines that the submission printed."""
        words = ("docker", "logs", "--tail", str(LINES), self._container("submission"))
        return self._engine.run(*words, merged=True).stdout

    def state(self) -> Mapping[str, Any]:
        """Return the state of the submission's container, as Docker reports it."""
        words = ("docker", "inspect", "--format", "{{json .State}}", self._container("submission"))
        state: Mapping[str, Any] = json.loads(self._engine.run(*words).stdout)
        return state

    def remove(self) -> None:
        """Remove the containers and the image, if there are any."""
        engine = Engine()  # one that is not stopped
        self._compose("down", "--volumes", "--timeout", "0", engine=engine)
        engine.run("docker", "image", "rm", self.image.tag)

    def _container(self, service: str) -> str:
        return self._compose("ps", "--all", "--quiet", service).stdout.strip()

    def _compose(
        self, *words: str, within: float | None = None, engine: Engine | None = None
    ) -> CompletedProcess[str]:
        file = ("--file", str(HERE / "compose.yaml"), "--progress", "quiet")
        run = partial((engine or self._engine).run, "docker", "compose", *file)
        return run(*words, within=within, variables=self._variables)
