"""Clients have names: a container has its own, every other client its address."""

from collections.abc import Callable
from datetime import datetime

import docker
from testcontainers.core.network import Network

from tests.kit.containers import LABEL, PROJECT, SERVER_IMAGE
from tests.kit.http_get import LOOPBACK
from tests.kit.images import Client, Program, Server
from tests.kit.peer import Peer
from tests.kit.waiting import wait_until

# Takes every question and answers none. Docker's DNS asks it for names that are no container's.
SILENT = """
import socket
questions = socket.socket(type=socket.SOCK_DGRAM)
questions.bind(("", 53))
print("listens", flush=True)
while questions.recv(512):
    print("asked", flush=True)
"""
# Asks for a name at its own DNS server, which answers nothing; prints how many times it asked, and
# for how many seconds.
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
USUALLY = 5  # seconds that the C library waits for an answer, and it asks twice


GIVES_UP = 8  # seconds after which Docker's DNS does


def seconds(server: Server, first: str, last: str) -> float:
    """Return how long it took from the first such line of the server's log to the last such."""
    began, ended = server.events(first)[0]["time"], server.events(last)[-1]["time"]
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()


def clients_of(server: Server) -> set[str]:
    return {session["client"] for session in server.sessions()}


def test_a_container_keeps_its_name_after_it_left_and_others_go_by_address(
    network: Network, start_client: Callable[..., Client]
) -> None:
    # A DNS address that refuses at once; this machine's own DNS might have a name for the outsider.
    with Server(network, [], dns=[LOOPBACK]) as server, Peer(server.chat) as outsider:
        assert outsider.is_greeted()
        [session] = server.sessions()
        quick = start_client(script="Hey\n#pause 0.5\nHey\n")
        lasting = start_client("--repeat", "forever")
        assert quick.exit_code() == 0
        names = {one.get_wrapped_container().name for one in (quick, lasting)}
        everybody = names | {session["peer"]}
        # The outsider was looked up before the others.
        wait_until(lambda: clients_of(server) == everybody)
        assert lasting.terminate() == 0
        wait_until(lambda: server.snapshot()["open"] == 1)
        assert clients_of(server) == everybody


def test_a_dns_server_that_never_answers_delays_neither_talk_nor_exit(
    network: Network,
) -> None:
    with Program(SERVER_IMAGE, network, ["-c", SILENT], entrypoint=["python3"]) as silent:
        wait_until(lambda: "listens" in silent.output())
        with Server(network, [], dns=[silent.own_address()]) as server:
            with Peer(server.chat) as first, Peer(server.chat) as second:
                assert all([first.is_greeted(), second.is_greeted()])
                wait_until(lambda: "asked" in silent.output())
                assert all([first.is_answered(), second.is_answered()])
            assert server.terminate() == 0
            # By its own clock: a busy engine takes seconds to pass a signal on.
            assert seconds(server, "connected", "bye") < GIVES_UP
            assert seconds(server, "draining", "stopped") < GIVES_UP


def test_in_the_image_the_server_asks_dns_once_and_for_a_second(
    engine: docker.DockerClient,
) -> None:
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
    assert 1 <= float(seconds) < USUALLY
