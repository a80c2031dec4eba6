"""Times `docker compose up --scale client=N`, from `up` until the last client has left.

Each checkout has its own images, which are removed afterwards. All use the same base image. For
comparison, the last row has clients that only exit: what the engine itself needs.
"""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import click

from bench.before import ROOT
from bench.rounds import in_turn

ENGINE = "containers that only exit"
NOTHING = ROOT / "bench" / "nothing.yaml"


@dataclass(frozen=True, slots=True)
class Build:
    """A checkout, and the prefix of its images' names."""

    checkout: Path
    registry: str
    files: tuple[Path, ...] = ()  # that change what the checkout's compose.yaml says

    def seconds(self, clients: int) -> float:
        """Return the seconds from `up` until the last client has left.

        Raises ClickException if a client does not exit with 0.
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
        """Run a Compose command; return its output."""
        settings = ROOT / ".env"  # may name a stand-in: see scripts/ensure-base-image
        chosen = ["--env-file", str(settings)] if settings.exists() else []
        files = [
            word for file in (Path("compose.yaml"), *self.files) for word in ("--file", str(file))
        ]
        return self.docker("compose", *chosen, *files, "--progress", "quiet", *words)

    def docker(self, *words: str) -> str:
        """Run a Docker command; return its output."""
        # Its own project and ports, so that it does not disturb a running demo.
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
    """Return whether a Docker engine is running here."""
    if shutil.which("docker") is None:
        return False
    ran = subprocess.run(["docker", "info"], capture_output=True, check=False)  # noqa: S607
    return ran.returncode == 0


def measure(checkouts: Mapping[str, Path], clients: int, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each checkout, measured in turn."""
    with contextlib.ExitStack() as stack:
        builds = {
            name: stack.enter_context(_built(Build(checkout, f"bench-{number}/")))
            for number, (name, checkout) in enumerate(checkouts.items())
        }
        first = next(iter(builds.values()))
        builds[ENGINE] = replace(first, files=(NOTHING,))
        taken = {name: partial(build.seconds, clients) for name, build in builds.items()}
        return in_turn("docker compose up", taken, rounds)


@contextlib.contextmanager
def _built(build: Build) -> Iterator[Build]:
    try:
        build.compose("build", "--quiet")
        yield build
    finally:
        build.compose("down", "--rmi", "all")
