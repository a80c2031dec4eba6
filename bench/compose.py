"""How long `docker compose up --scale client=N` takes, from `up` to the last client's exit."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
# A project and ports of its own: whoever shows the demo meanwhile keeps it.
ENVIRONMENT = {
    "COMPOSE_PROJECT_NAME": "thread-lanes-bench",
    "LANES_PORT": "0",
    "LANES_STATUS_PORT": "0",
}


def is_possible() -> bool:
    """Whether there is a Docker engine here."""
    if shutil.which("docker") is None:
        return False
    ran = subprocess.run(["docker", "info"], capture_output=True, check=False)  # noqa: S607
    return ran.returncode == 0


def compose_time(clients: int) -> float:
    """In seconds; raises ClickException where one of the clients had no answer."""
    try:
        began = time.monotonic()
        _compose("up", "--detach", "--scale", f"client={clients}")
        names = _compose("ps", "--all", "--quiet", "client").split()
        codes = _docker("wait", *names).split()
        seconds = time.monotonic() - began
    finally:
        _compose("down", "--remove-orphans", "--volumes")
    if codes != ["0"] * clients:
        raise click.ClickException(f"of {clients} clients {codes.count('0')} ended well.")
    return seconds


def _compose(*words: str) -> str:
    return _docker("compose", "--progress", "quiet", *words)


def _docker(*words: str) -> str:
    ran = subprocess.run(  # noqa: S603
        ["docker", *words],  # noqa: S607
        cwd=ROOT,
        env=os.environ | ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return ran.stdout
