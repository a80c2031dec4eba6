"""What the images hold, and how the server's is probed."""

import shlex
from collections.abc import Callable

import docker
import pytest

from tests.kit.command import PATIENCE
from tests.kit.confinement import LENDS_RIGHTS
from tests.kit.containers import CLIENT_IMAGE, LABEL, PROJECT, SERVER_IMAGE
from tests.kit.images import Server
from tests.kit.waiting import wait_until

WHICH_HALVES = """
from importlib.util import find_spec
print(*[half for half in ("server", "client") if find_spec(half)])
"""
LOOK = f"{shlex.join(['python3', '-c', WHICH_HALVES])} && {shlex.join(LENDS_RIGHTS)}"


@pytest.mark.parametrize(("image", "half"), [(SERVER_IMAGE, "server"), (CLIENT_IMAGE, "client")])
def test_an_image_holds_its_own_half_alone_and_no_file_that_lends_its_owners_rights(
    engine: docker.DockerClient, image: str, half: str
) -> None:
    found = engine.containers.run(
        image,
        ["-c", LOOK],
        entrypoint=["sh"],
        user="0",  # who may look everywhere
        labels={LABEL: PROJECT},
        remove=True,
    )
    assert found.decode() == f"{half}\n"


def test_the_health_check_takes_no_number_and_no_thread(
    start_server: Callable[..., Server], engine: docker.DockerClient
) -> None:
    server = start_server("--model", "lock")
    name = server.get_container_id()
    # On a busy machine the first checks may fail.
    wait_until(lambda: engine.containers.get(name).health == "healthy", PATIENCE, pause=0.1)
    snapshot = server.snapshot()
    assert snapshot["model"] == "lock"  # an option may stand right after the image's name
    assert (snapshot["accepted"], snapshot["sessions"]) == (0, [])
    assert set(snapshot["refused"].values()) == {0}
