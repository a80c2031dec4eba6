"""A TLS socket can do all that the checks need, and refusals are one line."""

import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lanes.__main__ import main
from lanes.check.address import Address
from lanes.check.caller import MESSAGE, Caller
from lanes.check.dialer import Unreachable
from lanes.check.failure import HungUp, Patience
from lanes.check.protocol import DIALECTS, Handout
from lanes.check.subject import Subject
from lanes.check.tls import Tls
from server.chat.certificates import Certificates
from tests.kit.certificates import Authority, authority
from tests.kit.http_get import LOOPBACK
from tests.kit.running_server import RunningServer, StartServer
from tests.kit.waiting import SECONDS

Ends = tuple[Caller, ssl.SSLSocket]


@pytest.fixture(scope="module")
def context(ca: Authority) -> ssl.SSLContext:
    """The context of a server that sends tickets, as most do."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*ca.issue(LOOPBACK))
    return context


@pytest.fixture
def ends(ca: Authority, context: ssl.SSLContext) -> Iterator[Ends]:
    """A caller and the server's end of its connection."""
    with (
        socket.create_server((LOOPBACK, 0)) as listening,
        ThreadPoolExecutor(1) as pool,
        ExitStack() as stack,
    ):
        connected = socket.create_connection(listening.getsockname(), SECONDS)
        accepted, _ = listening.accept()
        accepted.settimeout(SECONDS)
        shaking = pool.submit(
            context.wrap_socket, accepted, server_side=True, suppress_ragged_eofs=False
        )
        secured = Tls(ca.certificate, None, None).secure(connected, LOOPBACK)
        server = stack.enter_context(shaking.result(SECONDS))
        patience = Patience(SECONDS, time.monotonic() + SECONDS)
        yield stack.enter_context(Caller(secured, Handout(), patience, greets=False)), server


def test_hearing_an_answer_does_not_consume_it_and_ignores_tickets(ends: Ends) -> None:
    caller, server = ends
    assert not caller.hears(0.05)
    server.sendall(b"Today")
    assert caller.hears(SECONDS)
    server.sendall(b" we")
    server.close()
    caller.wait_for_answer()
    assert caller.reply().text == "Today we"


def test_half_a_record_is_neither_an_answer_nor_an_end(ends: Ends) -> None:
    caller, server = ends
    with socket.socket(fileno=socket.dup(server.fileno())) as raw:
        raw.sendall(b"\x17\x03\x03\x20\x00")
        assert not caller.hears(0.05)
        assert not caller.is_hung_up_on(0.05)


def test_a_caller_that_ends_its_output_says_goodbye_and_still_hears(ends: Ends) -> None:
    caller, server = ends
    caller.say(MESSAGE)
    caller.end_output()
    assert [server.recv(1024), server.recv(1024)] == [MESSAGE.encode(), b""]
    server.sendall(b"Today")
    server.unwrap()
    assert caller.reply().text == "Today"
    caller.be_hung_up_on()


def test_a_caller_that_leaves_says_goodbye(ends: Ends) -> None:
    caller, server = ends
    server.sendall(b"Today")
    caller.leave()
    assert server.recv(1024) == b""


@pytest.mark.parametrize("leave", [Caller.reset, Caller.abandon])
def test_a_caller_that_vanishes_or_does_not_read_resets_the_connection(
    ends: Ends, leave: Callable[[Caller], None]
) -> None:
    caller, server = ends
    server.sendall(b"Today")
    select.select([caller], [], [], SECONDS)
    leave(caller)
    with pytest.raises(ConnectionResetError):
        socket.socket.recv(server, 1024)  # OpenSSL may hide the kernel's error


def test_a_broken_record_is_explained_even_if_it_was_noticed_before(ends: Ends) -> None:
    caller, server = ends
    with socket.socket(fileno=socket.dup(server.fileno())) as raw:
        raw.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
    assert not caller.hears(SECONDS)
    # OpenSSL 3.0 and 3.5 say the first, 3.6 the second.
    why = r"^the connection broke: TLS: (.*bad record mac|record layer failure)$"
    with pytest.raises(HungUp, match=why):
        caller.receive(time.monotonic() + SECONDS)


def test_a_server_without_a_handshake_is_noticed_in_time(ca: Authority) -> None:
    secure, dialect = Tls(ca.certificate, None, None).secure, DIALECTS["handout"]
    with socket.create_server((LOOPBACK, 0)) as silent:
        address = Address(*silent.getsockname())
        with pytest.raises(Unreachable, match=r"the TLS handshake failed .*timed out"):
            Subject(address, dialect, clients=2, many=2, timeout=0.1, secure=secure)


# The command, against a real server that requires certificates.


@pytest.fixture
def server(start_server: StartServer, ca: Authority) -> RunningServer:
    return start_server(tls=Certificates(*ca.issue("localhost"), ca.certificate).context)


def check(server: RunningServer, *words: str | Path, host: str = "localhost") -> Result:
    where = f"{host}:{server.address.rpartition(':')[2]}"
    options = ("--protocol", "lines", "--only", "again", *map(str, words))
    return CliRunner().invoke(main, ["check", where, *options])


def test_a_client_that_proves_its_name_may_check(server: RunningServer, ca: Authority) -> None:
    certificate, key = ca.issue("client")
    trusted = ("--tls", "--tls-ca", ca.certificate)
    result = check(server, *trusted, "--tls-cert", certificate, "--tls-key", key)
    assert (result.exit_code, result.stderr) == (0, "")


def test_distrust_on_either_side_is_one_line_and_exit_code_2(
    server: RunningServer, ca: Authority
) -> None:
    trusted = ("--tls", "--tls-ca", ca.certificate)
    with authority() as other:
        refusals = {
            "self-signed certificate": check(server, "--tls", "--tls-ca", other.certificate),
            "not valid for '127.0.0.1'": check(server, *trusted, host=LOOPBACK),
            "certificate required (see --tls-cert)": check(server, *trusted),
            "cannot read nowhere.pem": check(server, "--tls", "--tls-ca", "nowhere.pem"),
            "go with --tls.": check(server, *trusted[1:]),
            "go together.": check(server, *trusted, "--tls-key", "nowhere.pem"),
        }
    for why, result in refusals.items():
        *_, line = result.stderr.splitlines()
        assert (result.exit_code, why in line) == (2, True), line


def test_with_tls_off_it_checks_unencrypted_and_no_file_is_looked_for(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("LANES_TLS_CA", "LANES_TLS_CERT", "LANES_TLS_KEY"):
        monkeypatch.setenv(variable, "nowhere.pem")
    monkeypatch.setenv("LANES_TLS", "off")
    result = check(start_server())
    assert (result.exit_code, result.stderr) == (0, "")


def test_a_server_without_tls_is_not_checked(start_server: StartServer) -> None:
    result = check(start_server(), "--tls")
    [line] = result.stderr.splitlines()
    assert (result.exit_code, line.endswith(": does it speak TLS?")) == (3, True), line
