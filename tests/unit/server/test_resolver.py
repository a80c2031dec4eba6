"""Clients have names, as far as the DNS knows them, and nobody waits for it."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs

from server import resolver as module
from server.clock import now
from server.record import Record
from server.resolver import PLACES, Resolver, resolve
from tests.kit.running_server import RunningServer
from tests.kit.waiting import SECONDS, wait_until

HOST = "192.0.2.7"


class Names:
    """Stands in for the DNS, which no test may need: it answers what the test says, or later."""

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
    monkeypatch.setattr("server.resolver.socket.gethostbyaddr", names.look_up)
    monkeypatch.setattr(module, "LIFETIME", 3600.0)  # longer than any test takes
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


ID = 25 * "x"  # of a task in a swarm, or of a node


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
        # A service with a task on each node has the node's id there, which tells nobody anything.
        (f"lab_probe.{ID}.{ID}.lab_lanes", "lab_probe"),
        ("client.3.example.org", "client"),
    ],
)
def test_a_host_goes_by_its_first_label_and_a_task_of_a_swarm_by_service_and_slot(
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
def test_what_is_no_name_or_not_fit_to_show_is_none(names: Names, answer: str | Exception) -> None:
    names.known[HOST] = answer
    assert resolve(HOST) is None


@pytest.mark.parametrize("host", ["2001:db8::7", "fe80::7%eth0"])
def test_an_ipv6_address_loses_its_brackets(resolver: Resolver, names: Names, host: str) -> None:
    names.known[host] = "client"
    assert client_of(resolver, record_of(host)) == "client"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1"])
def test_of_this_machines_addresses_nobody_is_asked(names: Names, host: str) -> None:
    names.known[host] = "localhost"
    assert resolve(host) is None
    assert names.asked == []


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
    wait_until(lambda: names.asked)  # the thread has taken it, and is stuck
    fitting, beyond = [record_of() for _ in range(PLACES)], record_of()
    for record in (*fitting, beyond):
        resolver.look_up(record)
    resolver.shutdown()
    assert is_running()  # nothing of that has waited for it
    names.answers.set()
    end(resolver)
    assert {record.client for record in fitting} == {"client"}
    assert beyond.client == beyond.peer


@pytest.mark.parametrize(("ago", "named"), [(0, True), (7200, False)])
def test_one_that_has_just_gone_is_named_but_later_its_address_may_be_anothers(
    resolver: Resolver, names: Names, ago: float, *, named: bool
) -> None:
    names.known[HOST] = "client"
    record = record_of()
    record.closed_at = now() - ago
    assert client_of(resolver, record) == ("client" if named else record.peer)


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
    told = [(entry["event"], entry["peer"]) for entry in logged]
    assert told == [("look-up failed", failing.peer)]
    assert failing.client == failing.peer


def test_a_dns_server_that_does_not_answer_holds_up_no_client_and_no_stop(
    start_server: Callable[..., RunningServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, may_answer = threading.Semaphore(0), threading.Semaphore(0)

    def resolve_late(_host: str) -> str:
        asked.release()
        assert may_answer.acquire(timeout=SECONDS)
        return "client"

    monkeypatch.setattr(module, "resolve", resolve_late)
    monkeypatch.setattr(module, "LIFETIME", -1.0)  # so that it is asked anew for each
    server = start_server()
    for peer in (server.greeted(), server.greeted()):
        assert peer.say("Hey").startswith("+OK ")
    assert asked.acquire(timeout=SECONDS)
    may_answer.release()
    wait_until(lambda: server.record(1).client == "client")
    assert asked.acquire(timeout=SECONDS)
    server.stop()
    threads = [thread for thread in threading.enumerate() if thread.name == "resolver"]
    assert threads
    assert all(thread.daemon for thread in threads)  # nor do they hold up the process's end
    may_answer.release()
    wait_until(lambda: not is_running())
