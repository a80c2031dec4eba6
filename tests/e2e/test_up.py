"""`docker compose up`: what the README promises of it."""

import re
from itertools import pairwise

import pytest

from tests.kit.lab import Lab


@pytest.mark.parametrize("count", [3, 10])
def test_scaled_clients_are_served_by_a_thread_each_at_overlapping_times(
    lab: Lab, count: int
) -> None:
    lab.compose("up", "--detach", "--scale", f"client={count}")
    lab.wait_for_clients()
    assert [client.ExitCode for client in lab.clients()] == [0] * count

    threads = {f"Thread-{number}" for number in range(1, count + 1)}
    output, _ = lab.get_logs("client")
    assert set(re.findall(r"greeted .*(Thread-\d+)", output)) == threads

    sessions = lab.snapshot()["sessions"]
    assert {s["thread"] for s in sessions} == threads
    assert len({s["native_id"] for s in sessions}) == count
    in_order = sorted(sessions, key=lambda session: session["served_at"])
    assert all(former["closed_at"] > latter["served_at"] for former, latter in pairwise(in_order))


def test_a_variable_says_how_many_clients_there_are(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENTS", "2")
    lab.compose("up", "--detach")
    assert len(lab.clients()) == 2


def test_a_variable_chooses_the_model_and_the_lock_makes_the_clients_take_turns(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANES_MODEL", "lock")
    lab.compose("up", "--detach")
    lab.wait_for_clients()
    assert [client.ExitCode for client in lab.clients()] == [0, 0, 0]

    snapshot = lab.snapshot()
    assert (snapshot["model"], snapshot["peak_serving"]) == ("lock", 1)
    in_turn = sorted(snapshot["sessions"], key=lambda session: session["served_at"])
    assert len(in_turn) == 3
    assert all(former["closed_at"] <= latter["served_at"] for former, latter in pairwise(in_turn))


def test_a_variable_chooses_the_protocol_for_both_sides(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANES_PROTOCOL", "handout")
    lab.compose("up", "--detach", "--scale", "client=1")
    lab.wait_for_clients()
    assert [client.ExitCode for client in lab.clients()] == [0]

    snapshot = lab.snapshot()
    assert snapshot["protocol"] == "handout"
    assert [session["messages"] for session in snapshot["sessions"]] == [5]


def test_a_script_of_ones_own_comes_from_standard_input(lab: Lab) -> None:
    said = lab.compose(
        "run", "--rm", "-T", "client", "run", "--script", "-", says="#pause 0.1\none\ntwo\n"
    )
    assert "messages=2 answered=2" in said


def test_the_server_is_checked_from_within_its_network(lab: Lab) -> None:
    said = lab.compose("run", "--rm", "-T", "client", "check", "server:2022")
    assert said.splitlines()[-1] == "server:2022: 15 of 15 passed"


def test_a_person_can_chat_as_in_the_original_lab(lab: Lab) -> None:
    said = lab.compose("run", "--rm", "-T", "client", "chat", says="y\nn\n")
    answer = "Today we will learn about Multithreading with Socket programming"
    reply = f"Received from the server : {answer}"
    question = "Do you want to continue(y/n) :"
    assert said == f"{reply}\n\n{question}{reply}\n\n{question}Bye Server\n"
