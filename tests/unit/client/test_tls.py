"""The client over TLS with a real server: it talks, or says in one line why it cannot."""

import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result

from client.__main__ import main
from client.address import Address
from client.connection import Connection
from client.protocol import DIALECTS
from client.signals import StopSignal
from client.tls import Tls
from server.chat.certificates import Certificates
from server.chat.session import Patience
from tests.kit.certificates import Authority, Pair, authority
from tests.kit.command import run
from tests.kit.peer import Peer
from tests.kit.running_server import RunningServer, StartServer
from tests.kit.waiting import SECONDS, wait_for_end, wait_until

HERE = "127.0.0.1"


@pytest.fixture
def server(start_server: StartServer, ca: Authority) -> RunningServer:
    """A server that asks its clients for certificates."""
    return start_server(tls=Certificates(*ca.issue(HERE), ca.certificate).context)


def invoke(address: str, *words: str | Path, protocol: str = "lines") -> Result:
    command = [
        "run",
        "--server",
        address,
        "--script",
        "-",
        "--protocol",
        protocol,
        *map(str, words),
    ]
    return CliRunner().invoke(main, command, input=b"Hey\nHey\n", prog_name="python -m client")


def trusting(ca: Authority, shown: Pair | None = None) -> list[str | Path]:
    words: list[str | Path] = ["--tls", "--tls-ca", ca.certificate]
    return [*words, "--tls-cert", shown.certificate, "--tls-key", shown.key] if shown else words


@pytest.mark.parametrize("protocol", ["lines", "handout"])
def test_it_proves_its_name_to_a_server_that_it_trusts(
    start_server: StartServer, ca: Authority, protocol: str
) -> None:
    context = Certificates(*ca.issue(HERE), ca.certificate).context
    server = start_server(tls=context, protocol=protocol)
    result = invoke(server.address, *trusting(ca, ca.issue("client-1")), protocol=protocol)
    assert result.exit_code == 0, result.output
    assert "summary messages=2 answered=2" in result.output
    assert (server.ended(1).client, server.ended(1).end) == ("client-1", "bye")


def of_another(ca: Authority, other: Authority) -> list[str | Path]:
    return trusting(ca, other.issue("client-1"))


WRONG: dict[str, Callable[[Authority, Authority], list[str | Path]]] = {
    "rejected our TLS handshake: certificate required": lambda ca, _: trusting(ca),
    "rejected our TLS handshake: unknown ca": of_another,
    "rejected our TLS handshake: certificate expired": lambda ca, _: trusting(
        ca, ca.issue("c", expired=True)
    ),
    "cannot verify ": lambda _, other: trusting(other),
}


@pytest.mark.parametrize("why", WRONG)
def test_distrust_on_either_side_is_one_line_and_not_retried(
    server: RunningServer, ca: Authority, why: str
) -> None:
    with authority() as other:
        result = invoke(server.address, *WRONG[why](ca, other))
    assert result.exit_code == 1
    [line] = [line for line in result.output.splitlines() if "number=1" in line]
    assert why in line
    assert "connections=1" in result.output  # not tried again


def test_a_server_with_another_name_or_an_expired_certificate_is_not_trusted(
    start_server: StartServer, ca: Authority
) -> None:
    named = start_server(tls=Certificates(*ca.issue("elsewhere"), None).context)
    assert "not valid for '127.0.0.1'" in invoke(named.address, *trusting(ca)).output
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*ca.issue(HERE, expired=True))
    expired = start_server(tls=context)
    assert "certificate has expired" in invoke(expired.address, *trusting(ca)).output


def test_a_server_without_tls_is_one_line_and_not_retried(
    start_server: StartServer, ca: Authority
) -> None:
    result = invoke(start_server().address, *trusting(ca))
    assert result.exit_code == 1
    assert "does not speak TLS: wrong version number; is the port right?" in result.output


def test_a_client_without_tls_learns_that_it_is_missing(
    start_server: StartServer, ca: Authority
) -> None:
    context = Certificates(*ca.issue(HERE), None).context
    result = invoke(start_server(tls=context, patience=Patience(handshake=0.05)).address)
    assert result.exit_code == 1
    assert "it greeted with a TLS alert (connect with --tls)" in result.output


def leave(server: RunningServer, peer: Peer) -> None:
    """Leave once another client has been refused."""
    wait_until(lambda: server.registry.snapshot().refused["busy"] >= 1)
    peer.close()


def test_it_tries_again_while_the_server_is_full(start_server: StartServer, ca: Authority) -> None:
    context = Certificates(*ca.issue(HERE), None).context
    server = start_server(tls=context, max_clients=1)
    anyone = ca.trusting()
    anyone.check_hostname = False
    first = server.greeted(anyone)
    leaving = Thread(target=leave, args=(server, first))
    leaving.start()
    result = invoke(server.address, *trusting(ca))
    wait_for_end(leaving)
    assert result.exit_code == 0
    assert "the server aborted the handshake: internal error" in result.output


def test_wrong_files_are_one_line_and_exit_code_1_and_wrong_usage_is_2(
    ca: Authority, tmp_path: Path
) -> None:
    garbled = tmp_path / "garbled.pem"
    garbled.write_text("garbage")
    pair = ca.issue("client-1")
    files: dict[str, list[str | Path]] = {
        "cannot read nowhere.pem: No such file": ["--tls-ca", "nowhere.pem"],
        f"{garbled} is not a CA certificate": ["--tls-ca", garbled],
        "is not the private key for": ["--tls-cert", garbled, "--tls-key", pair.key],
    }
    for why, words in files.items():
        result = invoke("127.0.0.1:1", "--tls", *words)
        assert (result.exit_code, result.output.count("\n")) == (1, 1)
        assert why in result.output
    usage: dict[str, list[str | Path]] = {
        "go together": ["--tls", "--tls-cert", pair.certificate],
        "go with --tls": ["--tls-ca", ca.certificate],  # otherwise all would be sent unencrypted
    }
    for why, words in usage.items():
        result = invoke("127.0.0.1:1", *words)
        assert (result.exit_code, why in result.output) == (2, True)


def test_with_tls_off_it_talks_unencrypted_and_no_file_is_looked_for(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_server()
    for variable in ("LANES_TLS_CA", "LANES_TLS_CERT", "LANES_TLS_KEY"):
        monkeypatch.setenv(variable, "nowhere.pem")
    monkeypatch.setenv("LANES_TLS", "off")
    assert invoke(server.address).exit_code == 0
    assert server.record(1).tls == ""


def test_without_tls_the_client_does_not_import_ssl() -> None:
    code = "import client.__main__, sys; sys.exit('ssl' in sys.modules)"
    assert run(sys.executable, "-c", code).returncode == 0


@contextmanager
def shaken(ca: Authority, stop: StopSignal) -> Iterator[tuple[Connection, ssl.SSLSocket]]:
    """A greeted connection of the client, and the server's end of it."""
    ours, theirs = socket.socketpair()
    secured = Tls(ca.certificate, None, None).secure(ours, Address(HERE, 2022))
    connection = Connection(secured, DIALECTS["lines"](), "here")
    context = Certificates(*ca.issue(HERE), None).context
    greeting = Thread(target=lambda: connection.await_greeting(stop, SECONDS))
    greeting.start()
    with context.wrap_socket(theirs, server_side=True, suppress_ragged_eofs=False) as server:
        server.sendall(b"+OK T-1: ready\r\n")
        greeting.join(SECONDS)
        yield connection, server


def test_half_a_record_is_silence(ca: Authority, stop: StopSignal) -> None:
    with (
        shaken(ca, stop) as (connection, server),
        socket.socket(fileno=socket.dup(server.fileno())) as raw,
    ):
        raw.sendall(b"\x17\x03\x03\x00\x40half")
        connection.check_silence()
        connection.close()


def test_it_says_goodbye_when_it_closes(ca: Authority, stop: StopSignal) -> None:
    with shaken(ca, stop) as (connection, server):
        connection.close()
        assert server.recv(99) == b""  # would raise without a goodbye
