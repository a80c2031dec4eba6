"""Every session's record, behind one lock."""

import os
import threading
from collections import Counter
from itertools import pairwise

import pytest

from server.chat.clock import now
from server.chat.record import Record
from server.chat.registry import HISTORY, Registry, Snapshot
from tests.kit.waiting import wait_for_end


@pytest.fixture
def registry() -> Registry:
    return Registry(3, "", {"model": "thread"})


def admit(registry: Registry) -> Record:
    record = registry.admit("127.0.0.1:1")
    assert record is not None
    return record


def serve(registry: Registry) -> Record:
    record = admit(registry)
    assert registry.serve(record)
    return record


def say(record: Record) -> None:
    """Count one message, as the session's thread does."""
    record.messages += 1
    record.bytes_in += 4
    record.bytes_out += 40
    record.ticks.add(record.accepted_at, record.accepted_at, 1)
    record.answers.observe(0.1)


def counters(snapshot: Snapshot) -> list[float]:
    """Return the figures that must never decrease as sessions come and go."""
    totals = snapshot.totals
    times = [totals.answers, totals.waiting, totals.sessions]
    counted = [totals.messages, totals.bytes_in, totals.bytes_out, sum(totals.ended.values())]
    return [*counted, *(count for one in times for count in (*one.counts, one.sum))]


def test_a_session_goes_from_waiting_to_serving_to_closed(registry: Registry) -> None:
    record = admit(registry)
    waiting = registry.snapshot()
    assert registry.serve(record)
    serving = registry.snapshot()
    registry.close(record, "bye")
    closed = registry.snapshot()

    states = [snapshot.sessions[0].state for snapshot in (waiting, serving, closed)]
    assert states == ["waiting", "serving", "closed"]
    assert [(s.open, s.serving) for s in (waiting, serving, closed)] == [(1, 0), (1, 1), (0, 0)]
    assert [s.peak_serving for s in (waiting, serving, closed)] == [0, 1, 1]
    [last] = closed.sessions
    assert (last.number, last.end, closed.accepted) == (1, "bye", 1)
    assert (last.peer, last.client) == ("127.0.0.1:1", "127.0.0.1:1")  # not named yet
    assert last.served_at is not None
    assert last.closed_at is not None
    moments = [last.accepted_at, last.served_at, last.closed_at]
    assert moments == sorted(moments)


def test_a_snapshot_names_the_process_its_settings_and_which_replica_it_is() -> None:
    registry = Registry(3, "s-2", {"workers": 4})
    record = serve(registry)
    assert record.thread == f"s-2/{threading.current_thread().name}"
    snapshot = registry.snapshot()
    assert (snapshot.pid, snapshot.settings) == (os.getpid(), {"workers": 4})


def test_a_snapshot_does_not_change_when_the_sessions_do(registry: Registry) -> None:
    waiting, serving = admit(registry), serve(registry)
    say(serving)
    snapshot = registry.snapshot()
    before = counters(snapshot)
    registry.serve(waiting)
    say(waiting)
    say(serving)
    registry.close(serving, "bye")
    assert counters(snapshot) == before
    seen = [(one.state, one.messages, len(one.ticks.since())) for one in snapshot.sessions]
    assert seen == [("waiting", 0, 0), ("serving", 1, 1)]
    assert [sum(one.answers.counts) for one in snapshot.sessions] == [0, 1]


def test_waiting_and_served_clients_take_places(registry: Registry) -> None:
    records = [admit(registry) for _ in range(3)]
    registry.serve(records[0])
    assert registry.admit("127.0.0.1:4") is None
    registry.close(records[0], "bye")
    assert admit(registry).number == 4


def test_a_refusal_has_its_reason_and_its_moment_and_takes_no_number(registry: Registry) -> None:
    assert set(registry.snapshot().refused.values()) == {0}
    before = now()
    for reason in ("busy", "busy", "closing"):
        registry.refuse(reason)
    snapshot = registry.snapshot()
    assert +Counter(snapshot.refused) == {"busy": 2, "closing": 1}
    assert sum(count for *_, count in snapshot.refusals) == 3
    for began, ended, _ in snapshot.refusals:
        assert snapshot.started_at <= before <= began <= ended <= snapshot.at
    assert admit(registry).number == 1


def test_a_client_without_a_thread_is_refused_and_leaves_no_other_trace(registry: Registry) -> None:
    record = admit(registry)
    assert registry.withdraw(record, "busy")
    assert record.state == "closed"
    assert not registry.serve(record)
    snapshot = registry.snapshot()
    assert (snapshot.accepted, snapshot.open, snapshot.sessions) == (0, 0, ())
    assert snapshot.refused["busy"] == 1
    assert sum(counters(snapshot)) == 0
    assert admit(registry).number == 1


def test_a_handshaking_session_waits_and_only_its_own_thread_ends_that(registry: Registry) -> None:
    refused, served = admit(registry), admit(registry)
    assert registry.begin_handshake(refused)
    [waiting, _] = registry.snapshot().sessions
    assert (waiting.state, waiting.tls) == ("waiting", "handshake")
    assert waiting.native_id == threading.get_native_id()
    assert not registry.dismiss(refused, "closing")
    assert registry.withdraw(refused, "expired")
    assert registry.begin_handshake(served)
    registry.end_handshake(served, "client-1")
    assert not registry.dismiss(served, "closing")
    assert registry.serve(served)
    snapshot = registry.snapshot()
    assert (snapshot.accepted, snapshot.refused["expired"]) == (1, 1)
    [session] = snapshot.sessions
    assert (session.number, session.client, session.tls) == (2, "client-1", "proven")
    assert admit(registry).number == 3


def test_a_session_in_its_handshake_cannot_be_withdrawn_by_the_listener(registry: Registry) -> None:
    record = admit(registry)
    worker = threading.Thread(target=registry.begin_handshake, args=(record,), daemon=True)
    worker.start()
    wait_for_end(worker)
    assert not registry.withdraw(record, "busy")


def test_without_a_certificate_a_client_keeps_the_name_that_it_has(registry: Registry) -> None:
    record = admit(registry)
    registry.begin_handshake(record)
    registry.end_handshake(record, "")
    assert (record.client, record.tls) == ("127.0.0.1:1", "encrypted")


def test_a_dismissed_session_does_not_shake_hands(registry: Registry) -> None:
    record = admit(registry)
    assert registry.dismiss(record, "closing")
    assert not registry.begin_handshake(record)


def test_only_a_waiting_session_can_be_dismissed_or_withdrawn(registry: Registry) -> None:
    waiting, serving = admit(registry), serve(registry)
    assert registry.dismiss(waiting, "closing")
    assert not registry.dismiss(serving, "closing")
    assert not registry.withdraw(serving, "busy")
    assert not registry.serve(waiting)
    registry.assign(waiting)  # as a worker does that takes it from the queue
    assert waiting.thread is None
    snapshot = registry.snapshot()
    assert [session.end for session in snapshot.sessions] == ["closing", None]
    assert snapshot.serving == 1


def test_a_session_has_its_thread_already_while_it_waits(registry: Registry) -> None:
    record = admit(registry)
    thread = threading.Thread(target=registry.assign, args=(record,), name="Thread-1", daemon=True)
    thread.start()
    wait_for_end(thread)
    [session] = registry.snapshot().sessions
    assert (session.state, session.thread) == ("waiting", "Thread-1")
    assert session.native_id not in (None, threading.get_native_id())


def test_open_and_the_last_thousand_sessions_are_kept_and_no_total_falls(
    registry: Registry,
) -> None:
    stays, said = serve(registry), []
    for _ in range(HISTORY + 100):
        record = serve(registry)
        say(record)
        say(stays)
        if record.number % 25 == 0:
            said.append(counters(registry.snapshot()))
        registry.close(record, "bye")
        if record.number % 25 == 0:
            said.append(counters(registry.snapshot()))
    for before, after in pairwise(said):
        assert all(was <= is_ for was, is_ in zip(before, after, strict=True))
    snapshot = registry.snapshot()
    assert [one.number for one in snapshot.sessions] == [1, *range(102, HISTORY + 102)]
    assert (snapshot.accepted, snapshot.serving, snapshot.peak_serving) == (HISTORY + 101, 1, 2)
    totals = snapshot.totals
    assert totals.ended == {"bye": HISTORY + 100}
    assert totals.messages == sum(totals.answers.counts) == 2 * (HISTORY + 100)


def test_waiting_until_empty_ends_with_the_last_session(registry: Registry) -> None:
    record = admit(registry)
    assert not registry.wait_until_empty(0.01)
    thread = threading.Thread(target=registry.dismiss, args=(record, "closing"), daemon=True)
    thread.start()
    assert registry.wait_until_empty(10)
    wait_for_end(thread)
