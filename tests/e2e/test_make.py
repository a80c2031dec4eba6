"""The two commands that the README begins and ends with."""

import re

import docker

from tests.kit.command import well
from tests.kit.containers import remaining
from tests.kit.lab import Lab


def test_make_demo_names_three_threads_and_make_down_leaves_nothing(
    lab: Lab, engine: docker.DockerClient
) -> None:
    shown = well("make", "demo")
    table = re.findall(r"^\d+ .*(Thread-\d)", shown, re.MULTILINE)
    assert table == ["Thread-1", "Thread-2", "Thread-3"]
    assert lab.get_container("server").Health == "healthy"

    well("make", "down")
    assert remaining(engine) == []


def test_make_demo_breaks_it_on_purpose(lab: Lab) -> None:
    well("make", "demo", "MODEL=lock", "CLIENTS=2")
    snapshot = lab.snapshot()
    assert (snapshot["model"], snapshot["accepted"]) == ("lock", 2)
    assert snapshot["peak_serving"] == 1
