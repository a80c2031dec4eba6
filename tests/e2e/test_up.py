"""`docker compose`, `make demo` and `make down`: what the README promises of them."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier

import docker
import pytest

from tests.kit.command import well
from tests.kit.containers import remaining
from tests.kit.handout_client import chat
from tests.kit.lab import Lab
from tests.kit.waiting import SECONDS, wait_until

ANSWER = "Today we will learn about Multithreading with Socket programming"
RECEIVED = f"Received from the server : {ANSWER}"


def greeted_by(lab: Lab) -> set[str]:
    """The threads that the clients say greeted them."""
    return set(re.findall(r"greeted .*(Thread-\d+)", lab.get_logs("client")[0]))


def check_threads(lab: Lab, count: int) -> None:
    """By the clients, the server and the kernel, each client is served by a thread of its own."""
    wait_until(lambda: lab.snapshot()["serving"] == count, pause=0.1)
    sessions = lab.snapshot()["sessions"]
    threads = [f"Thread-{number}" for number in range(1, count + 1)]
    assert [session["thread"] for session in sessions] == threads
    native = {session["native_id"] for session in sessions}
    assert len(native) == count
    assert native < lab.os_threads()
    wait_until(lambda: greeted_by(lab) == set(threads), pause=0.1)


def test_3_clients_and_then_10_have_a_thread_each_and_all_end_well_when_told_to_stop(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANES_REPEAT", "forever")
    lab.compose("up", "--detach")
    check_threads(lab, 3)
    lab.compose("up", "--detach", "--scale", "client=10")
    check_threads(lab, 10)

    lab.compose("stop")
    assert [one.ExitCode for one in lab.get_containers(include_all=True)] == 11 * [0]


def test_make_demo_breaks_it_on_purpose_and_make_down_leaves_nothing(
    lab: Lab, engine: docker.DockerClient
) -> None:
    shown = well("make", "demo", "MODEL=lock", "CLIENTS=2")
    assert re.findall(r"^\d+ .*(Thread-\d)", shown, re.MULTILINE) == ["Thread-1", "Thread-2"]
    assert lab.get_container("server").Health == "healthy"
    snapshot = lab.snapshot()
    assert (snapshot["model"], snapshot["peak_serving"]) == ("lock", 1)
    in_turn = sorted(snapshot["sessions"], key=lambda session: session["served_at"])
    assert len(in_turn) == 2
    assert all(former["closed_at"] <= latter["served_at"] for former, latter in pairwise(in_turn))

    well("make", "down")
    assert remaining(engine) == []


def test_with_the_handouts_protocol_our_client_and_two_of_the_labs_own_are_served(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANES_PROTOCOL", "handout")
    lab.compose("up", "--detach", "--scale", "client=1")
    lab.wait_for_clients()
    assert [client.ExitCode for client in lab.clients()] == [0]

    host, port = lab.address(2022)
    both_answered = Barrier(2, timeout=SECONDS)

    def answers() -> Iterator[str]:
        for answer in "yn":
            yield answer
            both_answered.wait()  # and neither has left

    with ThreadPoolExecutor(2) as people:
        printed = [people.submit(chat, f"{host}:{port}", answers()) for _ in range(2)]
        assert [talk.result() for talk in printed] == 2 * [[RECEIVED, RECEIVED, "Bye Server"]]

    wait_until(lambda: lab.snapshot()["open"] == 0, pause=0.1)
    snapshot = lab.snapshot()
    assert snapshot["protocol"] == "handout"
    assert [session["messages"] for session in snapshot["sessions"]] == [5, 2, 2]
    assert len({session["native_id"] for session in snapshot["sessions"][1:]}) == 2


def test_a_script_of_ones_own_a_scorecard_and_a_chat_run_in_the_servers_network(lab: Lab) -> None:
    client = ("run", "--rm", "-T", "client")
    said = lab.compose(*client, "run", "--script", "-", says="#pause 0.1\none\ntwo\n")
    assert "messages=2 answered=2" in said

    said = lab.compose(*client, "check", "server:2022")
    assert said.splitlines()[-1] == "server:2022: 15 of 15 passed"

    said = lab.compose(*client, "chat", says="y\nn\n")
    question = "Do you want to continue(y/n) :"
    assert said == f"{RECEIVED}\n\n{question}{RECEIVED}\n\n{question}Bye Server\n"
