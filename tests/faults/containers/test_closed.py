"""What compose.yaml denies its containers, read from inside them and tried from outside."""

import random
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import docker
import pytest
from docker.models.containers import Container
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from tests.faults.tally import Tally
from tests.kit.confinement import LIMITS, can_gain_nothing, is_powerless, limits, mounted, processes
from tests.kit.containers import CLIENT_IMAGE, LABEL, PROJECT
from tests.kit.http_get import LOOPBACK
from tests.kit.images import Server
from tests.kit.lab import Lab
from tests.kit.rounds import Rounds
from tests.kit.waiting import SECONDS

pytestmark = pytest.mark.promise(12)

DIAL = """
import socket, sys
socket.setdefaulttimeout(1)
for address in sys.argv[1:]:
    host, port = address.split(":")
    if socket.socket().connect_ex((host, int(port))) == 0:
        print(address)
"""

# The paths that each HTTP port answers: the server's own, and the page's.
PAGES = {
    "server": ("/healthz", "/sessions.json", "/metrics"),
    "lanes": ("/", "/report.html", "/lanes.svg", "/trace.json", "/sessions.json", "/healthz"),
}
METHODS = (
    *("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"),
    *("PROPFIND", "PURGE", "BREW", "get", "GETS", "G"),
)
REFUSED = (
    b"GET /nowhere HTTP/1.1\r\n\r\n",
    b"GET /../etc/passwd HTTP/1.1\r\n\r\n",
    b"GET /lanes.svg?width=ten HTTP/1.1\r\n\r\n",
    b"CONNECT 10.0.0.1:80 HTTP/1.1\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: nonsense\r\n\r\n",
    b"GET / HTTP/1.1\r\nX: " + 20_000 * b"x" + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    b"Hey Server!!!\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",  # the start of a client that expects HTTPS
)
REFUSALS = {400, 404, 405, 413, 431, 501}
PROTECTED = {
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


@pytest.fixture
def stranger(network: Network) -> Iterator[Container]:
    """A container on another network."""
    options: dict[str, Any] = {"network": network, "init": True, "labels": {LABEL: PROJECT}}
    with DockerContainer(CLIENT_IMAGE, entrypoint=["sleep", "600"], **options) as sleeps:
        yield sleeps.get_wrapped_container()


def test_no_process_has_privileges_no_root_is_writable_and_limits_hold(
    tally: Tally, lab: Lab, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANES_REPEAT", "forever")
    lab.compose("up", "--detach", "--no-deps", "server", "client", "lanes")
    for found in lab.get_containers():
        container, name = engine.containers.get(found.ID), str(found.Service)
        running = processes(container)
        tally.check(len(running) >= 3, f"{name}: {len(running)} processes")  # init, ours, cat
        for process in running:
            powerless = is_powerless(process) and can_gain_nothing(process)
            tally.check(powerless, f"{name}: {process}")
        user = str(container.attrs["Config"]["User"])
        tally.check(user.replace(":", "").isdigit(), f"{name}: its user is {user!r}")
        options = mounted(container, "/")
        tally.check("ro" in options, f"{name}: its root is {options}")
        found_limits = limits(container)
        tally.check(found_limits == LIMITS[name], f"{name}: its limits are {found_limits}")


# The engine rewrites the firewall's rules while it creates a network, as other tests do.
@pytest.mark.alone
def test_both_ports_are_open_to_this_machine_alone(
    tally: Tally, lab: Lab, engine: docker.DockerClient, stranger: Container
) -> None:
    lab.compose("up", "--detach", "server", "lanes")
    lab.page()  # waits until both are up
    stranger.reload()
    for name, port in ("server", 2022), ("lanes", 8022):
        service = engine.containers.get(lab.get_container(name).ID)
        [own], [others] = (
            list(container.attrs["NetworkSettings"]["Networks"].values())
            for container in (service, stranger)
        )
        bindings = service.ports[f"{port}/tcp"]
        hosts = [binding["HostIp"] for binding in bindings]
        tally.check(hosts == [LOOPBACK], f"{port} is published at {hosts}")
        published = int(bindings[0]["HostPort"])
        with socket.create_connection((LOOPBACK, published), SECONDS):
            tally.check(True)
        addresses = [f"{own['IPAddress']}:{port}"]
        addresses += [f"{one['Gateway']}:{published}" for one in (own, others)]  # this machine's
        code, said = stranger.exec_run(["python3", "-c", DIAL, *addresses])
        reached = f"a stranger connects to {said.decode()}"
        tally.check((code, said) == (0, b""), reached, rounds=len(addresses))


def ask(address: tuple[str, int], request: bytes) -> tuple[int, dict[str, str]]:
    """Return the status of the answer, or 0 if there is none, and its headers."""
    answer = b""
    # A reset follows the answer if the server has not read all of the request.
    with socket.create_connection(address, SECONDS) as connection, suppress(ConnectionResetError):
        connection.sendall(request)
        while chunk := connection.recv(65536):
            answer += chunk
    head, *lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(head.split()[1]) if head else 0, headers


def test_http_answers_get_and_head_alone_and_all_answers_are_protected(
    rounds: Rounds, tally: Tally, lab: Lab, start_server: Callable[..., Server]
) -> None:
    server = start_server()
    lab.compose("up", "--detach", "server", "lanes")
    lab.page()  # waits until both are up
    accepted = server.snapshot()["accepted"]
    chance = random.Random(12)  # noqa: S311 - the same bytes in every run
    lines = [chance.randbytes(chance.randint(1, 200)) for _ in range(rounds(200, 2_000))]
    garbage = [b"%" + line.replace(b"\n", b"").strip() + b"\r\n\r\n" for line in lines]
    addresses = {
        "server": (LOOPBACK, server.get_exposed_port(8022)),
        "lanes": lab.address("lanes", 8022),
    }
    for name, address in addresses.items():
        answered, refused = (
            [f"{verb} {page} HTTP/1.1\r\n\r\n".encode() for verb in verbs for page in PAGES[name]]
            for verbs in (("GET", "HEAD"), METHODS)
        )
        for request in (*answered, *refused, *garbage, *REFUSED):
            status, headers = ask(address, request)
            expected = {200} if request in answered else REFUSALS
            tally.check(status in expected, f"{request[:60]!r}: {status}")
            protected = all(headers.get(key, "").startswith(PROTECTED[key]) for key in PROTECTED)
            tally.check(protected, f"{request[:60]!r}: {status} {headers}")
    tally.check(server.snapshot()["accepted"] == accepted, "one of them has become a client")
