"""Who is who: a container goes by its name, everybody else by the address."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import docker
from testcontainers.core.network import Network

from tests.kit.containers import LABEL, PROJECT, SERVER_IMAGE
from tests.kit.http_get import LOOPBACK
from tests.kit.images import Client, Program, Server
from tests.kit.waiting import SECONDS, wait_until

# Takes every question and answers none. Docker's own DNS asks it for what is no container's.
SILENT = """
import socket
questions = socket.socket(type=socket.SOCK_DGRAM)
questions.bind(("", 53))
print("listening", flush=True)
while questions.recv(512):
    print("asked", flush=True)
"""
# The same within a process that asks for a name: how often it asked, and for how many seconds.
ASKS_IN_VAIN = """
import contextlib, socket, time
questions = socket.socket(type=socket.SOCK_DGRAM)
questions.bind(("127.0.0.1", 53))
questions.setblocking(False)
began, asked = time.monotonic(), 0
with contextlib.suppress(socket.herror):
    socket.gethostbyaddr("203.0.113.1")
took = time.monotonic() - began
with contextlib.suppress(BlockingIOError):
    while questions.recv(512):
        asked += 1
print(asked, took)
"""
GIVES_UP = 8  # seconds after which Docker's DNS does so: it asks twice


def name_of(client: Client) -> str:
    return str(client.get_wrapped_container().name)


def clients_of(server: Server) -> set[str]:
    return {session["client"] for session in server.sessions()}


@contextmanager
def greeted(server: Server) -> Iterator[tuple[socket.socket, str]]:
    """A client on this machine, and its peer's name as the server has it."""
    number = server.snapshot()["accepted"] + 1
    with socket.create_connection(server.address, timeout=SECONDS) as peer:
        assert peer.recv(1000).startswith(b"+OK ")
        [session] = [session for session in server.sessions() if session["number"] == number]
        yield peer, session["peer"]


@contextmanager
def server_that_asks(network: Network, dns: str) -> Iterator[Server]:
    """A server whose network knows the containers, and `dns` what else there is to know."""
    server = Server(network, [])
    server.with_kwargs(init=True, labels={LABEL: PROJECT}, dns=[dns])
    with server:
        yield server


def address_on(network: Network, program: Program) -> str:
    container = program.get_wrapped_container()
    container.reload()
    return str(container.attrs["NetworkSettings"]["Networks"][network.name]["IPAddress"])


def test_a_container_goes_by_its_name_and_still_does_when_it_has_gone(
    start_server: Callable[..., Server], start_client: Callable[..., Client]
) -> None:
    server = start_server()
    clients = [start_client("--repeat", "forever") for _ in range(3)]
    names = {name_of(client) for client in clients}
    wait_until(lambda: clients_of(server) == names)
    assert [client.terminate() for client in clients] == [0, 0, 0]
    wait_until(lambda: server.snapshot()["open"] == 0)
    assert clients_of(server) == names


def test_one_that_says_little_and_goes_is_named_too(
    start_server: Callable[..., Server], start_client: Callable[..., Client]
) -> None:
    server = start_server()
    client = start_client(script="Hey\n#pause 0.5\nHey\n")
    assert client.exit_code() == 0
    wait_until(lambda: clients_of(server) == {name_of(client)})


def test_a_client_that_the_network_does_not_know_keeps_its_address(
    network: Network, start_client: Callable[..., Client]
) -> None:
    # Nobody answers there, and at once: this machine's own DNS might know a name for itself.
    with server_that_asks(network, "127.0.0.1") as server, greeted(server) as (_, peer):
        client = start_client("--repeat", "forever")
        wait_until(lambda: name_of(client) in clients_of(server))  # asked for after the other
        assert clients_of(server) == {peer, name_of(client)}


def test_a_dns_server_that_never_answers_holds_up_neither_talk_nor_the_end(
    network: Network,
) -> None:
    silent = Program(SERVER_IMAGE, network, ["-c", SILENT])
    silent.with_kwargs(init=True, labels={LABEL: PROJECT}, entrypoint=["python3"])
    with silent:
        wait_until(lambda: "listening" in silent.output())
        with server_that_asks(network, address_on(network, silent)) as server:
            began = time.monotonic()
            with greeted(server) as (first, _), greeted(server) as (second, _):
                wait_until(lambda: "asked" in silent.output())
                for peer in (first, second):
                    peer.sendall(b"Hey\n")
                    assert peer.recv(1000).startswith(b"+OK ")
            assert server.terminate() == 0
            assert time.monotonic() - began < GIVES_UP


def test_the_image_has_the_server_ask_once_for_a_name_and_for_a_second(
    engine: docker.DockerClient,
) -> None:
    # By itself the C library asks twice, and waits for five seconds each time.
    said = engine.containers.run(
        SERVER_IMAGE,
        ["-c", ASKS_IN_VAIN],
        entrypoint=["python3"],
        dns=[LOOPBACK],
        labels={LABEL: PROJECT},
        remove=True,
    )
    questions, seconds = said.split()
    assert int(questions) == 1
    assert 1 <= float(seconds) < GIVES_UP / 2
