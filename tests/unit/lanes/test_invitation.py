"""The command to type to become a client: one that works where it is read, or none."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from lanes.__main__ import main
from lanes.ask import SEEN
from lanes.invitation import command
from lanes.replicas import Answer, merge
from lanes.snapshot import Door, Queue, Seen, Snapshot
from server.chat.registry import Registry
from tests.kit.documents import snapshot
from tests.kit.telling_servers import SETTINGS, Swarm

TLS = {"tls_cert": "server.pem", "tls_client_ca": None}
PROVEN = {"tls_cert": "server.pem", "tls_client_ca": "authority.pem"}
CLIENT = "docker compose run --rm --no-deps client chat --ask"
# A server in Compose: it listens on 2022 and is published on another port of this machine.
AS_PUBLISHED: list[tuple[Mapping[str, str], list[str]]] = [
    ({"LANES_PUBLISHED": "2122"}, ["nc 127.0.0.1 2122"]),
    ({"LANES_PUBLISHED": "2022-2031"}, []),
    ({"LANES_PUBLISHED": "0"}, []),
    ({"LANES_PUBLISHED": "70000"}, []),
    ({"LANES_PUBLISHED": "2122", "LANES_TALK": CLIENT}, [CLIENT]),
    ({"LANES_PUBLISHED": "2022-2031", "LANES_TALK": CLIENT}, [CLIENT]),
    ({"LANES_PUBLISHED": "", "LANES_TALK": ""}, ["nc 127.0.0.1 2022"]),
]


def empty(settings: Mapping[str, Any], door: Door = Door()) -> Snapshot:  # noqa: B008 - immutable
    return replace(snapshot(at=9), settings=settings, door=door)


@pytest.mark.parametrize(
    ("settings", "door", "told"),
    [
        ({}, Door(), "nc 127.0.0.1 2022"),
        ({"port": 2122}, Door(), "nc 127.0.0.1 2122"),
        ({"port": 2122}, Door("10.0.0.7"), "nc 10.0.0.7 2122"),
        ({"port": "2122; true"}, Door(), ""),
        ({"port": 2022} | TLS, Door(), "openssl s_client -quiet -connect 127.0.0.1:2022"),
        ({"port": 2022} | TLS, Door("::1"), "openssl s_client -quiet -connect [::1]:2022"),
        ({"port": 2022} | TLS, Door(port=0), ""),
        ({"port": 2022} | PROVEN, Door(port=2122), ""),
    ],
)
def test_it_suits_the_port_and_the_encryption_of_the_server(
    settings: Mapping[str, Any], door: Door, told: str
) -> None:
    assert command(empty(settings, door)) == told


def test_beside_a_watch_it_is_what_the_server_tells_and_not_where_it_was_seen_to_listen() -> None:
    seen = Seen("unknown", "", 50.0, (Queue("0.0.0.0:2022", 0, 0),), ())
    watched = replace(snapshot(at=9), replica=SEEN, seen=seen)
    told = replace(empty({"port": 2022}, Door(port=2122)), replica="server-1")
    both = merge([Answer("10.0.0.7", one, 0.0, 0.001) for one in (watched, told)])
    assert command(both) == "nc 127.0.0.1 2122"
    assert command(watched) == "nc 127.0.0.1 2022"


@pytest.mark.parametrize(("variables", "told"), AS_PUBLISHED)
def test_in_a_container_it_is_what_compose_knows(
    swarm: Swarm, variables: Mapping[str, str], told: list[str]
) -> None:
    swarm.start(Registry(3, "", SETTINGS))
    picture = ["picture", "--from", swarm.address]
    shown = CliRunner(env=variables).invoke(main, picture)
    assert shown.exit_code == 0, shown.output
    text = " ".join(shown.output.split())
    assert "No clients in the last " in text
    assert (
        re.findall("line of text: (.*?)(?: \N{BOX DRAWINGS LIGHT UP AND HORIZONTAL}|$)", text)
        == told
    )
