"""Clients get their names from the DNS, and nobody waits for it."""

import socket
import threading
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from server.chat import resolver as module
from server.chat.clock import now
from server.chat.record import Record
from server.chat.resolver import PLACES, Resolver, resolve
from tests.kit.waiting import SECONDS, wait_until

HOST = "192.0.2.7"


class Names:
    """Replaces the DNS, which no test may need: a test sets the answers and can delay them."""

    def __init__(self) -> None:
        self.known: dict[str, str | Exception] = {}
        self.asked: list[str] = []
        self.answers = threading.Event()
        self.answers.set()

    def look_up(self, host: str) -> tuple[str, list[str], list[str]]:
        self.asked.append(host)
        assert self.answers.wait(SECONDS)
        answer = self.known.get(host, socket.herror(1, "Unknown host"))
        if isinstance(answer, Exception):
            raise answer
        return answer, [], [host]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    names = Names()
    monkeypatch.setattr("server.chat.resolver.socket.gethostbyaddr", names.look_up)
    monkeypatch.setattr(module, "STILL_ITS_OWN", 3600.0)  # longer than any test takes
    return names


@pytest.fixture
def resolver(names: Names) -> Iterator[Resolver]:
    resolver = Resolver()
    yield resolver
    names.answers.set()
    end(resolver)


def record_of(host: str = HOST, port: int = 4000) -> Record:
    peer = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return Record(1, peer, accepted_at=now(), client=peer)


def resolvers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "resolver"]


def end(resolver: Resolver) -> None:
    """Shut down, and wait until every name has been looked up."""
    resolver.shutdown()
    wait_until(lambda: not resolvers())


def client_of(resolver: Resolver, record: Record) -> str:
    resolver.look_up(record)
    end(resolver)
    return record.client


ID = 25 * "x"  # the id of a task or a node in a swarm


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("thread-lanes-client-2.thread-lanes_lanes", "thread-lanes-client-2"),
        ("lanes_client_1", "lanes_client_1"),
        ("10.local.", "10"),
        (f"{63 * 'x'}.net", 63 * "x"),
        ("a" + 126 * ".x", "a"),  # 253 characters
        (f"thread-lanes_client.3.{ID}.thread-lanes_lanes", "thread-lanes_client.3"),
        (f"lab_client.12.{ID}.lab_lanes", "lab_client.12"),
        # With one task per node, the slot is the node's id, which means nothing to people.
        (f"lab_probe.{ID}.{ID}.lab_lanes", "lab_probe"),
        ("client.3.example.org", "client"),
    ],
)
def test_a_host_is_named_by_its_label_and_a_task_by_its_slot(
    names: Names, name: str, shown: str
) -> None:
    names.known[HOST] = name
    assert resolve(HOST) == shown


@pytest.mark.parametrize(
    "answer",
    [
        *("", ".", ".thread-lanes_lanes"),
        *("<b>.net", "a b.net", "a\n", "a\n.net", "\x1b[2J", "\u202eb", "\udcff"),
        *(64 * "x", f"{64 * 'x'}.net", "client" + 124 * ".x"),
        socket.herror(2, "Host name lookup failure"),
        socket.gaierror(-3, "Temporary failure in name resolution"),
        OSError(24, "Too many open files"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    ],
)
def test_a_bad_or_unprintable_name_counts_as_none(names: Names, answer: str | Exception) -> None:
    names.known[HOST] = answer
    assert resolve(HOST) is None


@pytest.mark.parametrize("host", ["2001:db8::7", "fe80::7%eth0"])
def test_an_ipv6_address_loses_its_brackets(resolver: Resolver, names: Names, host: str) -> None:
    names.known[host] = "client"
    assert client_of(resolver, record_of(host)) == "client"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1"])
def test_no_name_is_looked_up_for_a_client_on_this_machine(
    resolver: Resolver, names: Names, host: str
) -> None:
    names.known |= {host: "localhost", HOST: "client"}
    resolver.look_up(local := record_of(host))
    assert client_of(resolver, record_of()) == "client"
    assert local.client == local.peer
    assert names.asked == [HOST]


def test_a_full_queue_costs_a_name_and_delays_nobody(resolver: Resolver, names: Names) -> None:
    names.known[HOST] = "client"
    names.answers.clear()
    resolver.look_up(record_of())
    wait_until(lambda: names.asked)  # the thread has taken the record and is stuck
    fitting, beyond = [record_of() for _ in range(PLACES)], record_of()
    for record in (*fitting, beyond):
        resolver.look_up(record)
    resolver.shutdown()
    assert [thread.daemon for thread in resolvers()] == [True]  # so it cannot delay the exit
    names.answers.set()
    end(resolver)
    assert {record.client for record in fitting} == {"client"}
    assert beyond.client == beyond.peer


@pytest.mark.parametrize(("ago", "named"), [(0, True), (7200, False)])
def test_a_client_that_just_left_is_named_and_one_that_left_long_ago_is_not(
    resolver: Resolver, names: Names, ago: float, *, named: bool
) -> None:
    names.known[HOST] = "client"
    record = record_of()
    record.closed_at = now() - ago
    assert client_of(resolver, record) == ("client" if named else record.peer)


def test_a_fault_is_logged_and_harms_no_other_client(
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
    told = [(entry["event"], entry["peer"]) for entry in logged]
    assert told == [("look-up failed", failing.peer)]
    assert failing.client == failing.peer
