"""`LANES_TLS=on docker compose up`: the same lab, encrypted."""

import os
import signal
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.kit.command import PATIENCE, ROOT, run
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


def test_off_is_off_and_any_other_value_is_refused_in_one_line(
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


CERTIFIED = ("server/server.key", "server/server.pem")
SHOWN = ("client/client.key", "client/client.pem")
# The same certificate, for a day.
EXPIRING = (
    "cd /tmp && openssl x509 -in /server/server.pem -set_serial 7 -days 1 -out server.pem"
    " -CA /authority/authority.pem -CAkey /authority/authority.key"
    " && chmod 644 server.pem && mv -f server.pem /server"
)
DAMAGES = {
    "true": (),
    "rm /server/authority.pem": (),
    "rm /client/client.key": SHOWN,
    "echo >/client/client.pem": SHOWN,
    "cp -f /server/server.key /client/client.key": SHOWN,
    EXPIRING: CERTIFIED,
}


def in_certs(lab: Lab, script: str) -> str:
    return lab.compose("run", "--rm", "--no-deps", "-T", "certs", script)


def certificates(lab: Lab) -> dict[str, str]:
    """Return each file's mode, owner and hash, by name."""
    look = "find authority server client -type f -printf '%m %U:%G ' -exec sha1sum {} ';'"
    tries = (in_certs(lab, f"cd / && {look}") for _ in range(3))
    told = next(filter(None, tries), "")  # on a busy machine, `run` once printed nothing
    return {name: " ".join(facts) for *facts, name in map(str.split, told.splitlines())}


def test_only_missing_broken_or_expiring_certificates_are_made_anew(
    lab: Lab,
) -> None:
    lab.compose("up", "certs")
    before = certificates(lab)
    for damage, renewed in DAMAGES.items():
        in_certs(lab, damage)
        lab.compose("up", "certs")
        after = certificates(lab)
        assert set(after) == set(before)
        assert {name for name in after if after[name] != before[name]} == set(renewed), damage
        before = after


def test_a_running_server_takes_a_renewed_certificate_and_clients_still_trust_it(
    lab: Lab,
) -> None:
    lab.compose("up", "--detach", "--wait", "server")
    address, first = lab.address("server", 2022), in_certs(lab, "cat /server/server.pem")
    in_certs(lab, EXPIRING)
    lab.compose("up", "certs")
    second = in_certs(lab, "cat /server/server.pem")
    assert (ssl.get_server_certificate(address), second == first) == (first, False)
    lab.compose("kill", "--signal", "HUP", "server")
    wait_until(lambda: ssl.get_server_certificate(address) == second, pause=0.1)
    lab.compose("run", "--rm", "--no-deps", "-T", "client", "run")  # it exits with 0


def test_each_service_sees_its_own_certificates_and_none_the_ca_key(lab: Lab) -> None:
    def seen_by(service: str) -> set[str]:
        words = ("--rm", "--no-deps", "-T", "--entrypoint", "ls", service, "/certificates")
        return set(lab.compose("run", *words).split())

    lab.compose("up", "certs")
    may = {name: told.rpartition(" ")[0] for name, told in certificates(lab).items()}
    assert may["authority/authority.key"] == "600 0:10001"
    assert may["server/server.key"] == may["client/client.key"] == "640 0:10001"
    assert seen_by("server") == {"authority.pem", "server.key", "server.pem"}
    for service in ("client", "lanes"):
        assert seen_by(service) == {"authority.pem", "client.key", "client.pem"}


@contextmanager
def s_client(lab: Lab, *words: str) -> Iterator[subprocess.Popen[str]]:
    """OpenSSL's own client in place of the service `client`; a line K or R is a command to it.

    If it still runs after PATIENCE seconds, it is killed and prints no more.
    """
    files = ("-CAfile", "authority.pem", "-cert", "client.pem", "-key", "client.key")
    inside = ("--workdir", "/certificates", "--entrypoint", "openssl", "client", "s_client")
    command = (*lab.docker_compose_command(), "run", "--rm", "--no-deps", "-T", *inside)
    talk = subprocess.Popen(
        (*command, "-connect", "server:2022", "-verify_return_error", *files, *words),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
        start_new_session=True,  # Compose is a child of `docker`
    )
    late = threading.Timer(PATIENCE, os.killpg, (talk.pid, signal.SIGKILL))
    late.start()
    try:
        with talk:
            yield talk
    finally:
        late.cancel()


def says(talk: subprocess.Popen[str], line: str, answer: str) -> bool:
    """Send a line; return whether this answer comes."""
    assert talk.stdin
    assert talk.stdout
    talk.stdin.write(line)
    return any(answer in heard for heard in talk.stdout)


def test_openssls_client_may_take_new_keys_and_may_not_shake_hands_again(lab: Lab) -> None:
    lab.compose("up", "--detach", "--wait", "server", "lanes")
    with s_client(lab, "-tls1_3") as talk:
        assert says(talk, "", "+OK Thread-1: ready")
        for _ in range(3):
            assert says(talk, "Hey Server!!!\n", "+OK Thread-1: Today")
            assert says(talk, "K\n", "KEYUPDATE")
        assert says(talk, "Hey Server!!!\n", "+OK Thread-1: Today")
        assert says(talk, "Q\n", "DONE")
    with s_client(lab, "-tls1_2") as talk:
        assert says(talk, "Hey Server!!!\n", "+OK Thread-2: Today")
        assert says(talk, "R\n", "no renegotiation")
    sessions = [(one["messages"], one["end"]) for one in lab.snapshot()["sessions"]]
    assert sessions == [(4, "bye"), (1, "lost")]


def test_a_second_up_keeps_the_certificates(lab: Lab) -> None:
    lab.compose("up", "--detach", "--wait", "server")
    before = certificates(lab)
    lab.compose("up", "--detach", "--wait", "--force-recreate", "server")
    assert certificates(lab) == before
