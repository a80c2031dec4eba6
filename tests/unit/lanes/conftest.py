import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.running_server import StartServer
from tests.kit.telling_servers import NAME, Swarm, registry
from tests.kit.waiting import SECONDS


@pytest.fixture
def swarm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Swarm]:
    monkeypatch.setattr("lanes.ask.SECONDS", SECONDS)
    swarm, resolve = Swarm(), socket.getaddrinfo

    def look_up(host: str, *words: int, **options: int) -> list[Any]:
        if host == "nowhere" or (host == NAME and not swarm.hosts):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if host != NAME:
            return resolve(host, *words, **options)
        return [found for host in swarm.hosts for found in resolve(host, swarm.port, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield swarm
    swarm.close()


@pytest.fixture
def one(swarm: Swarm) -> Swarm:
    """A single server, without a replica name."""
    swarm.start(registry())
    return swarm


@pytest.fixture
def two(swarm: Swarm, start_server: StartServer) -> Swarm:
    """Two replicas, each of which serves a client."""
    for replica in ("server-1", "server-2"):
        server = start_server(replica=replica)
        server.greeted()
        server.record(1)
        swarm.start(server.registry)
    return swarm
