"""`docker compose`, `make demo` and `make down` do what the README promises."""

import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from subprocess import PIPE, STDOUT, Popen
from threading import Barrier

import docker
import pytest

from tests.kit.command import PATIENCE, ROOT, run, well
from tests.kit.containers import remaining
from tests.kit.handout_client import chat
from tests.kit.lab import Lab
from tests.kit.waiting import SECONDS, wait_until

ANSWER = "Today we will learn about Multithreading with Socket programming"
RECEIVED = f"Received from the server : {ANSWER}"


def test_make_demo_breaks_it_on_purpose_and_make_down_leaves_nothing(
    lab: Lab, engine: docker.DockerClient
) -> None:
    shown = well("make", "demo", "MODEL=lock", "CLIENTS=2")
    assert re.findall(r"^\d+ .*(Thread-\d)", shown, re.MULTILINE) == ["Thread-1", "Thread-2"]
    assert lab.get_container("server").Health == "healthy"
    snapshot = lab.snapshot()
    assert (snapshot["model"], snapshot["peak_serving"]) == ("lock", 1)
    # The README's commands for a running server leave it alone.
    words = ("run", "--rm", "--no-deps", "lanes", "check", "server:2022", "--only", "concurrent")
    done = run("docker", "compose", *words)
    assert done.returncode == 1, done.stderr
    lab.compose("up", "--detach", "--no-deps", "--scale", "client=3", "client")
    assert lab.snapshot()["model"] == "lock"

    well("make", "down")
    assert remaining(engine) == []


def test_ctrl_c_during_the_demo_stops_the_clients_and_says_how_to_end_the_server(lab: Lab) -> None:
    env = os.environ | {"LANES_REPEAT": "forever", "CLIENTS": "1"}
    script = ROOT / "scripts" / "demo"
    with Popen(script, stdout=PIPE, stderr=STDOUT, text=True, env=env, process_group=0) as demo:
        assert demo.stdout
        assert any(ANSWER in line for line in demo.stdout)
        os.killpg(demo.pid, signal.SIGINT)
        said, _ = demo.communicate(timeout=PATIENCE)
    assert demo.returncode == 130
    assert "The server may still be up: make down ends it." in said
    assert [client.State for client in lab.clients()] == ["exited"]
    assert lab.get_container("server").State == "running"


def test_with_handout_our_client_and_two_of_the_labs_own_are_served(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANES_PROTOCOL", "handout")
    lab.compose("up", "--detach", "--scale", "client=1")
    lab.wait_for_clients()
    assert [client.ExitCode for client in lab.clients()] == [0]

    host, port = lab.address("server", 2022)
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


def test_your_script_a_scorecard_and_a_chat_run_in_the_servers_network(lab: Lab) -> None:
    once = ("run", "--rm", "-T")
    said = lab.compose(*once, "client", "run", "--script", "-", says="#pause 0.1\none\ntwo\n")
    assert "messages=2 answered=2" in said

    said = lab.compose(*once, "--no-deps", "lanes", "check", "server:2022")
    last = r"server:2022 at [\d.]+: 15 of 15 passed"
    assert re.fullmatch(last, said.splitlines()[-1])

    said = lab.compose(*once, "client", "chat", says="y\nn\n")
    question = "Do you want to continue(y/n) :"
    assert said == f"{RECEIVED}\n\n{question}{RECEIVED}\n\n{question}Bye Server\n"


def test_two_servers_share_the_clients_and_one_picture_shows_both(lab: Lab) -> None:
    lab.compose("up", "--detach", "--scale", "server=2", "--scale", "client=6")
    lab.wait_for_clients()
    assert [client.ExitCode for client in lab.clients()] == 6 * [0]
    shown = lab.compose("exec", "-T", "lanes", "python3", "-m", "lanes", "picture")
    assert shown.count("clock ") == 2
    assert len(re.findall(r"^\d+ .* bye ", shown, re.MULTILINE)) == 6
    assert "messages 30" in shown


@pytest.mark.usefixtures("lab")
def test_the_workflow_to_copy_runs_unchanged_and_fails_if_clients_do() -> None:
    workflow = (ROOT / "docs" / "ci.yml").read_text(encoding="utf-8")
    build, *steps, logs = re.findall(r"- run: (.*)", workflow)
    assert build.startswith("docker compose build")  # `make images` has built them

    def exit_codes() -> list[int]:
        return [run("bash", "-ec", step).returncode for step in steps]

    assert exit_codes() == [0, 0, 0]
    shown = run("bash", "-ec", logs).stdout.splitlines()
    assert len([line for line in shown if re.match(r"\d\d:\d\d:\d\d\.\d+ summary ", line)]) == 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANES_REPEAT", "0")
        assert exit_codes() == [0, 0, 1]
