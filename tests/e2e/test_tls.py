"""LANES_TLS=on docker compose up: the same lab, and nobody reads along."""

import pytest

from tests.kit.command import run
from tests.kit.lab import Lab
from tests.kit.peer import Peer
from tests.kit.waiting import wait_until


@pytest.fixture(autouse=True)
def _tls(project: str, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - it clears
    monkeypatch.setenv("LANES_TLS", "on")


def test_three_clients_prove_their_names_and_plain_text_is_refused(lab: Lab) -> None:
    lab.compose("up", "--detach", "--scale", "client=3")
    lab.wait_for_clients()
    assert [client.ExitCode for client in lab.clients()] == [0, 0, 0]
    sessions = lab.snapshot()["sessions"]
    assert {session["thread"] for session in sessions} == {"Thread-1", "Thread-2", "Thread-3"}
    facts = ("client", "tls", "messages", "end")
    assert {tuple(session[fact] for fact in facts) for session in sessions} == {
        ("client", "proven", 5, "bye")
    }
    host, port = lab.address("server", 2022)
    with Peer(f"{host}:{port}") as peer:
        peer.send(b"Hey Server!!!\n")
        assert b"+OK" not in peer.rest()
    wait_until(lambda: lab.snapshot()["refused"]["handshake"] == 1, pause=0.1)


def test_off_is_off_and_what_is_neither_on_nor_off_is_refused_in_one_line(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANES_TLS", "off")
    lab.compose("up", "--detach", "--scale", "client=1")
    lab.wait_for_clients()
    [session] = lab.snapshot()["sessions"]
    assert (session["tls"], session["messages"], session["end"]) == ("", 5, "bye")
    monkeypatch.setenv("LANES_TLS", "maybe")
    assert run("docker", "compose", "up", "--detach").returncode
    [refusal] = lab.compose("logs", "--no-log-prefix", "certs").splitlines()
    assert refusal.endswith("LANES_TLS is on or off, and not 'maybe'")


def test_a_second_up_keeps_the_certificates_and_no_container_has_the_ca_key(lab: Lab) -> None:
    def certificates() -> str:
        return lab.compose(
            "exec", "-T", "server", "sh", "-c", "ls -l /certificates; sha1sum /certificates/*"
        )

    lab.compose("up", "--detach", "--wait", "server")
    before = certificates()
    assert "authority.key" not in before
    lab.compose("up", "--detach", "--wait", "--force-recreate", "server")
    assert certificates() == before
