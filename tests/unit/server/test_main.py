"""`python -m server` as a user starts it: a process, its output, its exit code."""

import re
import resource
import signal
import socket
import sys
from contextlib import ExitStack

import pytest
from click.testing import CliRunner, Result

from server.chat.lingering import PLACES
from server.chat.protocol import ANSWER
from server.command import main
from server.http.webserver import CONNECTIONS
from server.options import SPARE_DESCRIPTORS
from tests.kit.certificates import Authority, authority
from tests.kit.command import run
from tests.kit.http_get import LOOPBACK
from tests.kit.peer import Peer
from tests.kit.server_process import ServerProcess
from tests.kit.waiting import wait_until

SERVER = [sys.executable, "-m", "server"]
FREE = ["--port", "0", "--status-port", "0"]


def in_process(*words: str) -> Result:
    """Run the command in this process. It must end before it serves."""
    return CliRunner().invoke(main, words, prog_name="python -m server")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_the_server_which_exits_with_0(number: int) -> None:
    with ServerProcess() as server, Peer(server.address) as peer:
        peer.line()
        peer.say("Hey")
        server.signal(number)
        assert peer.rest().startswith(b"-ERR closing: ")
        server.signal_until_it_ends(number)
        assert (server.exit_code, server.errors()) == (0, "")


@pytest.mark.parametrize(("options", "prefix"), [([], ""), (["--replica", "s-2"], "s-2/")])
def test_greeting_and_log_name_thread_and_client(options: list[str], prefix: str) -> None:
    with ServerProcess(*options) as server:
        with Peer(server.address) as peer:
            name = peer.name
            assert peer.line() == f"+OK {prefix}Thread-1: ready\r\n"
            assert peer.say("Hey Server!!!") == f"+OK {prefix}Thread-1: {ANSWER}\r\n"
        server.terminate()
        log = [(line["event"], line["thread"], line.get("peer")) for line in server.log()]
    main, thread = f"{prefix}MainThread", f"{prefix}Thread-1"
    assert [line for line in log if line[2] == name] == [
        ("connected", main, name),
        ("new connection", thread, name),
        ("received from the client", thread, name),
        ("bye", thread, name),
    ]
    assert [line for line in log if line[2] is None] == [
        (event, main, None) for event in ("bound", "listening", "draining", "stopped")
    ]


def test_every_option_is_an_environment_variable_too() -> None:
    told = in_process("--help").stdout
    options = re.findall(r"^  (--[a-z-]+)", told, re.MULTILINE)
    variables = re.findall(r"env\s+var:\s+LANES_(\w+)", told)
    assert [f"--{name.lower().replace('_', '-')}" for name in variables] == options


def test_without_standard_output_it_still_serves_and_ends() -> None:
    with ServerProcess(under=("/bin/sh", "-c", 'exec "$@" >&-', "sh")) as server:
        assert (server.terminate(), server.log(), server.errors()) == (0, [], "")


def test_an_unknown_host_is_one_line_and_exit_code_1() -> None:
    result = run(*SERVER, *FREE, "--host", "nowhere.invalid")
    assert result.returncode == 1
    assert result.stderr.startswith("Error: cannot listen on nowhere.invalid port 0: ")


@pytest.mark.parametrize("option", ["--port", "--status-port"])
def test_a_port_in_use_is_one_line_and_exit_code_1(option: str) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run(*SERVER, *FREE, option, port)
    assert result.returncode == 1
    assert result.stderr == (
        f"Error: cannot listen on 127.0.0.1 port {port}: Address already in use. "
        f"Choose another with --host or {option}.\n"
    )


FEW_THREADS = """
import sys, threading
left, start = list(range(int(sys.argv.pop(1)))), threading.Thread.start
def start_or_refuse(thread):
    if not left:
        raise RuntimeError("can't start new thread")
    left.pop()
    start(thread)
threading.Thread.start = start_or_refuse
from server.command import main
main()
"""


@pytest.mark.parametrize("threads", [0, 3, 5])
def test_too_few_threads_at_the_start_is_one_line_and_exit_code_1(threads: int) -> None:
    result = run(sys.executable, "-c", FEW_THREADS, str(threads), *FREE)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: can't start new thread: the system allows this process no more. "
        "Raise the limit (ulimit -u; in a container --pids-limit).\n"
    )


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--model", "fork"], "'fork' is not one of 'thread', 'cached', 'pool', 'lock'"),
        (["--port", "99999"], "99999 is not in the range"),
        (["--workers", "0"], "0 is not in the range"),
        (["--idle-timeout", "0"], "0.0 is not in the range"),
        (["--idle-timeout", "nan"], "nan is not a number of seconds"),
        (["--replica", "a b"], "'a b' is not a name: use at most 63 letters"),
        (["--work", "dance:5"], "'dance:5' is not spin:MS or sleep:MS"),
        (["--tls-client-ca", "ca.pem"], "TLS needs both --tls-cert and --tls-key"),
        (["--max-clients", "257"], "257 clients need 385 file descriptors and this process may"),
        (["--max-clients", "257"], "have 384: choose at most 256"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, words: list[str], complaint: str
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (384, 384))
    result = in_process(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert complaint in result.stderr


def test_all_clients_are_served_while_the_http_port_is_full() -> None:
    with ServerProcess("--max-clients", "64") as server, ExitStack() as stack:

        def connect() -> Peer:
            return stack.enter_context(Peer(server.address))

        limit = 64 + SPARE_DESCRIPTORS
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (limit, limit))
        alone, _ = server.settled()
        clients = [connect() for _ in range(63)]
        assert all(client.line().startswith("+OK ") for client in clients)
        for _ in range(CONNECTIONS + 16):
            stack.enter_context(socket.create_connection((LOOPBACK, server.status_port)))
        wait_until(lambda: server.descriptors() >= alone + 63 + CONNECTIONS)
        clients.append(connect())
        assert clients[-1].line().startswith("+OK ")
        for refused in [connect() for _ in range(PLACES + 1)]:
            assert refused.line().startswith("-ERR busy: ")
        assert all(client.say("Hey").startswith("+OK ") for client in clients)
        assert server.descriptors() >= alone + 64 + CONNECTIONS
        assert not server.events("cannot accept, trying again")


def test_a_wrong_certificate_is_one_line_and_exit_code_1() -> None:
    with authority() as ca:
        expired = ca.issue("localhost", expired=True)
        result = run(*SERVER, *FREE, "--tls-cert", expired.certificate, "--tls-key", expired.key)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"Error: {expired.certificate}: certificate has expired\n"


def test_with_tls_off_no_certificate_is_looked_for_and_with_tls_on_there_has_to_be_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named = ("--tls-cert", "nowhere.pem", "--tls-key", "nowhere.key", "--tls-client-ca", "no.pem")
    monkeypatch.setenv("LANES_TLS", "off")
    with ServerProcess(*named) as server, Peer(server.address) as peer:
        assert peer.is_greeted()
    for tls, complaint in {"on": "TLS needs both", "maybe": "'maybe' is not a valid"}.items():
        result = run(*SERVER, *FREE, LANES_TLS=tls)
        assert (result.returncode, result.stdout) == (2, "")
        assert complaint in result.stderr.splitlines()[-1]


def test_on_sighup_it_reads_its_certificates_again_and_drops_nobody() -> None:
    with authority() as before, authority() as after:
        pair = before.issue("localhost")
        options = ("--tls-cert", str(pair.certificate), "--tls-key", str(pair.key))
        with ServerProcess(*options) as server, ExitStack() as stack:

            def connect(ca: Authority) -> Peer:
                return stack.enter_context(Peer(server.address, tls=ca.trusting()))

            early = connect(before)
            assert early.is_greeted()
            for old, new in zip(pair, after.issue("localhost"), strict=True):
                new.replace(old)
            server.signal(signal.SIGHUP)
            wait_until(lambda: server.events("certificates reloaded"))
            assert connect(after).is_greeted()
            assert early.is_answered()
            [late] = [one for one in server.snapshot()["sessions"] if one["number"] == 2]
            assert (late["tls"], late["state"]) == ("encrypted", "serving")


def test_without_certificates_sighup_ends_it_as_usual() -> None:
    with ServerProcess() as server:
        server.signal(signal.SIGHUP)
        assert server.wait() == -signal.SIGHUP
