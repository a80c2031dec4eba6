"""What the images hold, how they are started, and how the server's is probed."""

from collections.abc import Callable

import docker
import pytest

from tests.kit.confinement import LENDS_RIGHTS
from tests.kit.containers import CLIENT_IMAGE, LABEL, PROJECT, SERVER_IMAGE
from tests.kit.images import Server
from tests.kit.waiting import wait_until

WHICH_HALVES = """
from importlib.util import find_spec
print(*[half for half in ("server", "client") if find_spec(half)])
"""


@pytest.mark.parametrize(("image", "half"), [(SERVER_IMAGE, "server"), (CLIENT_IMAGE, "client")])
def test_an_image_holds_its_own_half_and_nothing_of_the_other(
    engine: docker.DockerClient, image: str, half: str
) -> None:
    found = engine.containers.run(
        image,
        ["-c", WHICH_HALVES],
        entrypoint=["python3"],
        labels={LABEL: PROJECT},
        remove=True,
    )
    assert found.decode().strip() == half


@pytest.mark.parametrize("image", [SERVER_IMAGE, CLIENT_IMAGE])
def test_nothing_in_an_image_lends_its_owners_rights(
    engine: docker.DockerClient, image: str
) -> None:
    find, *words = LENDS_RIGHTS
    found = engine.containers.run(
        image,
        words,
        entrypoint=[find],
        user="0",  # who may look everywhere
        labels={LABEL: PROJECT},
        remove=True,
    )
    assert found == b""


def test_an_option_may_stand_right_after_the_images_name(
    start_server: Callable[..., Server],
) -> None:
    assert start_server("--model", "lock").snapshot()["model"] == "lock"


def test_the_health_check_takes_no_number_and_no_thread(
    start_server: Callable[..., Server], engine: docker.DockerClient
) -> None:
    server = start_server()
    name = server.get_container_id()
    wait_until(lambda: engine.containers.get(name).health == "healthy")
    snapshot = server.snapshot()
    assert (snapshot["accepted"], snapshot["sessions"]) == (0, [])
    assert set(snapshot["refused"].values()) == {0}
