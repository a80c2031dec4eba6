"""Clients have names, as far as the DNS knows them, and nobody waits for it."""

import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs

from server import resolver as module
from server.clock import now
from server.record import Record
from server.resolver import PLACES, Resolver, resolve
from tests.kit.running_server import RunningServer
from tests.kit.waiting import SECONDS, wait_until

StartServer = Callable[..., RunningServer]

HOST, NETWORK = "192.0.2.7", "thread-lanes_lanes"


class Names:
    """Stands in for the DNS, which no test may need: it answers what the test says, or later."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.asked: list[str] = []
        self.answers = threading.Event()
        self.answers.set()

    def look_up(self, host: str) -> tuple[str, list[str], list[str]]:
        self.asked.append(host)
        assert self.answers.wait(SECONDS)
        if host not in self.known:
            raise socket.herror(1, "Unknown host")
        return self.known[host], [], [host]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    names = Names()
    monkeypatch.setattr("server.resolver.socket.gethostbyaddr", names.look_up)
    yield names
    names.answers.set()


@pytest.fixture
def resolver(names: Names) -> Iterator[Resolver]:
    resolver = Resolver()
    yield resolver
    names.answers.set()
    end(resolver)


@pytest.fixture
def long_lived(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that are good for longer than any test takes."""
    monkeypatch.setattr(module, "LIFETIME", 3600.0)


def record_of(host: str = HOST, port: int = 4000) -> Record:
    peer = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return Record(1, peer, accepted_at=now(), client=peer)


def is_running() -> bool:
    return "resolver" in {thread.name for thread in threading.enumerate()}


def end(resolver: Resolver) -> None:
    """All that was asked for has been looked up then."""
    resolver.shutdown()
    wait_until(lambda: not is_running())


def client_of(resolver: Resolver, record: Record) -> str:
    resolver.look_up(record)
    end(resolver)
    return record.client


def test_a_container_goes_by_its_name_without_the_networks(
    resolver: Resolver, names: Names
) -> None:
    names.known[HOST] = f"thread-lanes-client-2.{NETWORK}"
    assert client_of(resolver, record_of()) == "thread-lanes-client-2"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (
            "thread-lanes_client.3.cn4solwfrcnwqtqmws8uzpy0y.thread-lanes_lanes",
            "thread-lanes_client.3",
        ),
        ("lab_client.12.cn4solwfrcnwqtqmws8uzpy0y.lab_lanes", "lab_client.12"),
        # A service with a task on each node has the node's id there, which tells nobody anything.
        ("lab_probe.cn4solwfrcnwqtqmws8uzpy0y.an88nkjfbmedx1194j8avm6id.lab_lanes", "lab_probe"),
        ("client.3.example.org", "client"),
    ],
)
def test_a_task_of_a_swarm_goes_by_its_service_and_its_slot(
    resolver: Resolver, names: Names, name: str, shown: str
) -> None:
    names.known[HOST] = name
    assert client_of(resolver, record_of()) == shown


@pytest.mark.parametrize("host", ["2001:db8::7", "fe80::7%eth0"])
def test_an_ipv6_address_is_asked_for_without_its_brackets(
    resolver: Resolver, names: Names, host: str
) -> None:
    names.known[host] = "client"
    assert client_of(resolver, record_of(host)) == "client"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1"])
def test_a_client_on_this_machine_keeps_its_address_and_nobody_is_asked(
    resolver: Resolver, names: Names, host: str
) -> None:
    names.known[host] = "localhost"
    record = record_of(host)
    assert client_of(resolver, record) == record.peer
    assert names.asked == []


@pytest.mark.parametrize(
    "error",
    [
        socket.herror(2, "Host name lookup failure"),
        socket.gaierror(-3, "Temporary failure in name resolution"),
        OSError(24, "Too many open files"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    ],
)
def test_a_look_up_that_fails_leaves_the_address(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(_host: str) -> None:
        raise error

    monkeypatch.setattr("server.resolver.socket.gethostbyaddr", fail)
    assert resolve(HOST) is None


@pytest.mark.parametrize("name", ["a", "lanes_client_1", "10", 63 * "x"])
@pytest.mark.parametrize("rest", ["", f".{NETWORK}", ".local."])
def test_what_host_names_are_made_of_is_a_name(names: Names, name: str, rest: str) -> None:
    names.known[HOST] = name + rest
    assert resolve(HOST) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", f".{NETWORK}"),
        *("<b>.net", "a b.net", "a\n", "a\n.net", "\x1b[2J", "\u202eb", "\udcff"),
        *(64 * "x", f"{64 * 'x'}.net", "client" + 124 * ".x"),
    ],
)
def test_a_name_that_is_not_fit_to_be_shown_is_none(names: Names, name: str) -> None:
    names.known[HOST] = name
    assert resolve(HOST) is None


def test_a_name_may_take_253_characters(names: Names) -> None:
    names.known[HOST] = "a" + 126 * ".x"
    assert len(names.known[HOST]) == 253
    assert resolve(HOST) == "a"


@pytest.mark.usefixtures("long_lived")
@pytest.mark.parametrize("known", [True, False])
def test_a_storm_from_one_host_asks_once(resolver: Resolver, names: Names, *, known: bool) -> None:
    if known:
        names.known[HOST] = "client"
    records = [record_of(port=port) for port in range(4000, 4020)]
    for record in records:
        resolver.look_up(record)
    end(resolver)
    assert names.asked == [HOST]
    assert [r.client for r in records] == ["client" if known else r.peer for r in records]


def test_an_answer_that_has_expired_is_asked_for_anew(
    resolver: Resolver, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIFETIME", -1.0)
    names.known[HOST] = "first"
    first, second = record_of(), record_of()
    resolver.look_up(first)
    wait_until(lambda: first.client == "first")
    names.known[HOST] = "second"
    assert client_of(resolver, second) == "second"


@pytest.mark.usefixtures("long_lived")
def test_the_cache_forgets_what_was_longest_unused(
    resolver: Resolver, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ENTRIES", 2)
    a, b, c = "192.0.2.1", "192.0.2.2", "192.0.2.3"
    for host in (a, b, a, c, a, b):
        resolver.look_up(record_of(host))
    end(resolver)
    assert names.asked == [a, b, c, b]


def test_a_full_queue_costs_a_name_and_holds_up_nobody(resolver: Resolver, names: Names) -> None:
    names.known[HOST] = "client"
    names.answers.clear()
    resolver.look_up(record_of())
    wait_until(lambda: bool(names.asked))  # the thread has taken it, and is stuck
    fitting, beyond = [record_of() for _ in range(PLACES)], record_of()
    began = time.monotonic()
    for record in (*fitting, beyond):
        resolver.look_up(record)
    resolver.shutdown()
    assert time.monotonic() - began < 1
    names.answers.set()
    end(resolver)
    assert {record.client for record in fitting} == {"client"}
    assert beyond.client == beyond.peer


@pytest.mark.usefixtures("long_lived")
def test_a_client_that_has_just_gone_is_still_named(resolver: Resolver, names: Names) -> None:
    names.known[HOST] = "client"
    record = record_of()
    record.closed_at = now()
    assert client_of(resolver, record) == "client"


def test_one_that_has_long_gone_is_not_since_its_address_may_be_anothers(
    resolver: Resolver, names: Names
) -> None:
    names.known[HOST] = "another"
    record = record_of()
    record.closed_at = now() - 1
    assert client_of(resolver, record) == record.peer


def test_a_fault_is_told_and_costs_the_others_nothing(
    resolver: Resolver, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing, fine = record_of("192.0.2.1"), record_of()
    names.known[HOST] = "client"

    def fault(host: str) -> str | None:
        if host == "192.0.2.1":
            raise RuntimeError("ours")
        return resolve(host)

    monkeypatch.setattr(module, "resolve", fault)
    with capture_logs() as logged:
        resolver.look_up(failing)
        assert client_of(resolver, fine) == "client"
    assert [(entry["event"], entry["peer"]) for entry in logged] == [
        ("look-up failed", failing.peer)
    ]
    assert failing.client == failing.peer


def test_a_client_is_looked_up_when_it_is_accepted(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "resolve", {"127.0.0.1": "client"}.get)
    server = start_server()
    server.greeted()
    wait_until(lambda: server.record(1).client == "client")


def test_a_dns_server_that_does_not_answer_holds_up_no_client_and_no_stop(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: queue.Queue[str] = queue.Queue()
    over = threading.Event()

    def hang(host: str) -> None:
        asked.put(host)
        assert over.wait(SECONDS)

    monkeypatch.setattr(module, "resolve", hang)
    server = start_server()
    first = server.greeted()
    assert asked.get(timeout=SECONDS) == "127.0.0.1"
    second = server.greeted()
    for peer in (first, second):
        assert peer.say("Hey").startswith("+OK ")
        assert peer.say("Hey").startswith("+OK ")
    server.stop()
    assert is_running()
    over.set()
    wait_until(lambda: not is_running())


ENDING_WHILE_IT_HANGS = f"""
import socket, threading, time
from server.record import Record
from server.resolver import Resolver

asked = threading.Event()

def hang(host):
    asked.set()
    time.sleep({10 * SECONDS})

socket.gethostbyaddr = hang
resolver = Resolver()
resolver.look_up(Record(1, "{HOST}:4000", accepted_at=0.0))
assert asked.wait({SECONDS})
resolver.shutdown()
print("over")
"""


def test_a_process_ends_though_the_dns_server_does_not_answer() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ENDING_WHILE_IT_HANGS],
        capture_output=True,
        text=True,
        timeout=3 * SECONDS,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "over\n", "")
