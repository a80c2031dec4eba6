"""What the images hold, and how the server's health check works."""

import shlex
from collections.abc import Callable
from typing import Any

import docker
import pytest

from tests.kit.command import PATIENCE
from tests.kit.confinement import LENDS_RIGHTS
from tests.kit.containers import CLIENT_IMAGE, LABEL, LANES_IMAGE, PROJECT, SERVER_IMAGE
from tests.kit.gil import NEEDS_NO_GIL
from tests.kit.images import Server
from tests.kit.waiting import wait_until

WHICH = """
from importlib.util import find_spec
print(*[package for package in ("server", "client", "lanes") if find_spec(package)])
"""
LOOK = f"{shlex.join(['python3', '-c', WHICH])} && {shlex.join(LENDS_RIGHTS)}"


IMAGES = [(SERVER_IMAGE, "server"), (CLIENT_IMAGE, "client"), (LANES_IMAGE, "lanes")]


@pytest.mark.parametrize(("image", "package"), IMAGES)
def test_an_image_holds_its_own_package_alone_and_no_setuid_file(
    engine: docker.DockerClient, image: str, package: str
) -> None:
    once: dict[str, Any] = {"labels": {LABEL: PROJECT}, "remove": True}
    root = "0"  # may look everywhere
    found = engine.containers.run(image, ["-c", LOOK], entrypoint=["sh"], user=root, **once)
    assert found.decode() == f"{package}\n"


# For `make integration PYTHON=free-threaded`: otherwise the GIL is on, whatever is imported.
@pytest.mark.parametrize(("image", "package"), IMAGES)
def test_in_a_free_threaded_image_nothing_switches_the_gil_on(
    engine: docker.DockerClient, image: str, package: str
) -> None:
    words, once = ["-c", NEEDS_NO_GIL, package], {"labels": {LABEL: PROJECT}, "remove": True}
    engine.containers.run(image, words, entrypoint=["python3"], **once)


def test_the_health_check_takes_no_number_and_no_thread(
    start_server: Callable[..., Server], engine: docker.DockerClient
) -> None:
    server = start_server("--model", "lock")
    name, threads = server.get_container_id(), server.os_threads()
    # On a busy machine the first checks may fail.
    wait_until(lambda: engine.containers.get(name).health == "healthy", PATIENCE, pause=0.1)
    snapshot = server.snapshot()
    assert snapshot["model"] == "lock"  # an option may come right after the image's name
    assert (snapshot["accepted"], snapshot["sessions"]) == (0, [])
    assert set(snapshot["refused"].values()) == {0}
    assert server.os_threads() == threads
