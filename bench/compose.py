"""How long `docker compose up --scale client=N` takes, from `up` until the last client has left.

Each checkout has images of its own, which are removed afterwards, and all have the same base image.
"""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from bench.before import ROOT
from bench.rounds import in_turn


@dataclass(frozen=True, slots=True)
class Build:
    """A checkout, and the prefix of its images' names."""

    checkout: Path
    registry: str

    def seconds(self, clients: int) -> float:
        """From `up` until the last client has left.

        Raises ClickException where a client did not have its answers.
        """
        try:
            began = time.monotonic()
            self.compose("up", "--detach", "--scale", f"client={clients}")
            names = self.compose("ps", "--all", "--quiet", "client").split()
            codes = self.docker("wait", *names).split()
            seconds = time.monotonic() - began
        finally:
            self.compose("down", "--remove-orphans", "--volumes")
        if codes != ["0"] * clients:
            raise click.ClickException(f"of {clients} clients {codes.count('0')} ended well.")
        return seconds

    def compose(self, *words: str) -> str:
        """Have Compose do this."""
        settings = ROOT / ".env"  # where scripts/ensure-base-image notes a stand-in
        chosen = ["--env-file", str(settings)] if settings.exists() else []
        return self.docker("compose", *chosen, "--progress", "quiet", *words)

    def docker(self, *words: str) -> str:
        """What Docker prints."""
        # A project and ports of its own: a demo that runs meanwhile goes on.
        ports = {"LANES_PORT": "0", "LANES_STATUS_PORT": "0"}
        names = {"COMPOSE_PROJECT_NAME": "thread-lanes-bench", "LANES_REGISTRY": self.registry}
        ran = subprocess.run(  # noqa: S603
            ["docker", *words],  # noqa: S607
            cwd=self.checkout,
            env=os.environ | ports | names,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return ran.stdout


def is_possible() -> bool:
    """Whether there is a Docker engine here."""
    if shutil.which("docker") is None:
        return False
    ran = subprocess.run(["docker", "info"], capture_output=True, check=False)  # noqa: S607
    return ran.returncode == 0


def measure(checkouts: Mapping[str, Path], clients: int, rounds: int) -> dict[str, list[float]]:
    """The seconds of each checkout, in turn."""
    with contextlib.ExitStack() as stack:
        builds = {
            name: stack.enter_context(_built(Build(checkout, f"bench-{number}/")))
            for number, (name, checkout) in enumerate(checkouts.items())
        }
        taken = {name: partial(build.seconds, clients) for name, build in builds.items()}
        return in_turn("docker compose up", taken, rounds)


@contextlib.contextmanager
def _built(build: Build) -> Iterator[Build]:
    try:
        build.compose("build", "--quiet")
        yield build
    finally:
        build.compose("down", "--rmi", "all")
