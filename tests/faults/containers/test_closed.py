"""What compose.yaml keeps its containers from, read from inside them and tried from outside."""

import random
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from itertools import product
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from tests.faults.tally import Tally
from tests.kit.confinement import LIMITS, can_gain_nothing, is_powerless, limits, mounted, processes
from tests.kit.containers import CLIENT_IMAGE, LABEL, PROJECT
from tests.kit.http_get import LOOPBACK
from tests.kit.lab import Lab
from tests.kit.rounds import Rounds
from tests.kit.waiting import SECONDS

pytestmark = pytest.mark.promise(12)

PORTS = (2022, 8022)
LISTENING = "0A"  # proc(5): a socket's state in /proc/net/tcp
DIAL = """
import socket, sys
for address in sys.argv[1:]:
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        continue
    print(address)
"""

PAGES = (
    *("/", "/report.html", "/lanes.svg", "/lanes.json"),
    *("/trace.json", "/sessions.json", "/metrics", "/healthz"),
)
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
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",  # as one begins who takes it for HTTPS
)
REFUSALS = {400, 404, 405, 413, 431, 501}
PROTECTED = {
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


@pytest.fixture(scope="module")
def lab(engine: docker.DockerClient) -> Iterator[Lab]:
    """The server and three clients, who do not come to an end; one for all tests."""
    assert engine
    lab = Lab()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COMPOSE_PROJECT_NAME", PROJECT)
        environment.setenv("LANES_PORT", "0")
        environment.setenv("LANES_STATUS_PORT", "0")
        environment.setenv("LANES_REPEAT", "forever")
        try:
            lab.compose("up", "--detach")
            yield lab
        finally:
            lab.stop()


@pytest.fixture
def start_stranger(engine: docker.DockerClient) -> Iterator[Callable[[], Container]]:
    """A container on another network."""
    assert engine
    with Network(docker_network_kw={"labels": {LABEL: PROJECT}}) as network:
        stranger = DockerContainer(
            CLIENT_IMAGE,
            network=network,
            entrypoint=["sleep", "600"],
            init=True,
            labels={LABEL: PROJECT},
        )
        with stranger:
            yield stranger.get_wrapped_container


def test_no_process_has_rights_no_root_is_writable_and_the_limits_hold(
    tally: Tally, lab: Lab, engine: docker.DockerClient
) -> None:
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
        tally.check(
            limits(container) == LIMITS[name], f"{name}: its limits are {limits(container)}"
        )


def listening_at(port: int) -> set[str]:
    """The addresses that something on this machine listens at, as the kernel writes them."""
    found = set()
    for path in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            host, number = local.split(":")
            if state == LISTENING and int(number, 16) == port:
                found.add(host)
    return found


def test_both_ports_are_open_to_this_machine_and_to_nobody_else(
    tally: Tally,
    lab: Lab,
    engine: docker.DockerClient,
    start_stranger: Callable[[], Container],
) -> None:
    stranger, server = start_stranger(), engine.containers.get(lab.get_container("server").ID)
    [own] = [end["IPAddress"] for end in server.attrs["NetworkSettings"]["Networks"].values()]
    gateways = [
        pool["Gateway"]
        for network in engine.networks.list(filters={"driver": "bridge"})
        for pool in network.attrs["IPAM"]["Config"] or []
        if "." in pool.get("Gateway", "")
    ]  # this machine's own addresses on the engine's networks, IPv4
    assert gateways
    local = {socket.inet_aton(LOOPBACK)[::-1].hex().upper()}
    for port in PORTS:
        host, published = lab.address(port)
        with socket.create_connection((host, published), SECONDS):
            tally.check(host == LOOPBACK, f"{port} is published at {host}")
        tally.check(listening_at(published) <= local, f"{published}: {listening_at(published)}")

        addresses = [*(f"{gateway}:{published}" for gateway in gateways), f"{own}:{port}"]
        for gateway in gateways:
            with closing(socket.socket()) as dialler:
                dialler.settimeout(1)
                answer = dialler.connect_ex((gateway, published))
                tally.check(answer != 0, f"one connects to {gateway}:{published}")
        reached = stranger.exec_run(["python3", "-c", DIAL, *addresses])
        said = str(reached.output, "utf-8")
        tally.check(
            (reached.exit_code, said) == (0, ""),
            f"a stranger connects to {said}",
            rounds=len(addresses),
        )


def ask(address: tuple[str, int], request: bytes) -> tuple[int, dict[str, str]]:
    """The status of the answer, and its headers; 0 where there is none."""
    answer = b""
    # A reset may follow the answer: it had not read all of the request.
    with (
        socket.create_connection(address, SECONDS) as connection,
        suppress(ConnectionResetError),
    ):
        connection.sendall(request)
        while chunk := connection.recv(65536):
            answer += chunk
    head, *lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return int(head.split()[1]) if head else 0, {name.lower(): headers[name] for name in headers}


def is_protected(headers: dict[str, str]) -> bool:
    return all(headers.get(name, "").startswith(value) for name, value in PROTECTED.items())


def garbage(rounds: int) -> Iterator[bytes]:
    """Bytes that are no request, ended as one is: the same in every run."""
    chance = random.Random(12)  # noqa: S311 - not a secret
    for _ in range(rounds):
        line = chance.randbytes(chance.randint(1, 200)).replace(b"\n", b"").strip()
        yield b"%" + line + b"\r\n\r\n"


def test_port_8022_answers_get_and_head_alone_and_all_answers_are_protected(
    rounds: Rounds, tally: Tally, lab: Lab
) -> None:
    address, accepted = lab.address(8022), lab.snapshot()["accepted"]
    for method, page in product(("GET", "HEAD"), PAGES):
        status, headers = ask(address, f"{method} {page} HTTP/1.1\r\n\r\n".encode())
        tally.check(status == 200 and is_protected(headers), f"{method} {page}: {status} {headers}")

    changes = [f"{method} {page} HTTP/1.1\r\n\r\n" for method, page in product(METHODS, PAGES)]
    refused = [*(change.encode() for change in changes), *REFUSED, *garbage(rounds(200, 2_000))]
    for request in refused:
        status, headers = ask(address, request)
        tally.check(status in REFUSALS, f"{request[:60]!r}: {status}")
        tally.check(is_protected(headers), f"{request[:60]!r}: {status} {headers}")

    tally.check(lab.snapshot()["accepted"] == accepted, "one of them has become a client")
