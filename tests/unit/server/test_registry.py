"""Every session's record, behind one lock."""

import os
import threading
from itertools import pairwise

import pytest

from server.clock import now
from server.record import Record
from server.registry import HISTORY, Registry, Snapshot


@pytest.fixture
def registry() -> Registry:
    return Registry(model="thread", protocol="lines", max_clients=3)


def admit(registry: Registry) -> Record:
    record = registry.admit("127.0.0.1:1")
    assert record is not None
    return record


def say(record: Record) -> None:
    """One message, as the session's thread counts it."""
    record.messages += 1
    record.bytes_in += 4
    record.bytes_out += 40
    record.ticks.add(record.accepted_at, record.accepted_at, 1)
    record.answers.observe(0.1)


def counters(snapshot: Snapshot) -> list[float]:
    """All that may never fall, however the sessions come and go."""
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
    assert closed.accepted == 1
    last = closed.sessions[0]
    assert last.end == "bye"
    assert last.served_at is not None
    assert last.closed_at is not None
    assert last.accepted_at <= last.served_at <= last.closed_at


def test_among_several_servers_a_session_and_its_thread_bear_the_replicas_name() -> None:
    registry = Registry(model="thread", protocol="lines", max_clients=3, replica="server-2")
    record = admit(registry)
    assert (record.replica, record.thread) == ("server-2", None)
    registry.serve(record)
    assert record.thread == f"server-2/{threading.current_thread().name}"
    assert registry.snapshot().replica == "server-2"


def test_a_snapshot_does_not_change_when_the_session_does(registry: Registry) -> None:
    record = admit(registry)
    before = registry.snapshot()
    registry.serve(record)
    say(record)
    assert before.sessions[0].state == "waiting"
    assert before.sessions[0].messages == 0
    assert list(before.sessions[0].ticks) == []
    assert sum(before.sessions[0].answers.counts) == 0


def test_a_snapshot_names_the_process_and_its_settings(registry: Registry) -> None:
    snapshot = registry.snapshot()
    assert (snapshot.pid, snapshot.model, snapshot.protocol) == (os.getpid(), "thread", "lines")


def test_a_snapshot_shows_all_settings() -> None:
    settings = {"workers": 4, "log_format": "json"}
    registry = Registry(model="pool", protocol="lines", max_clients=3, settings=settings)
    assert registry.snapshot().settings == settings


def test_a_snapshot_is_from_after_the_start_and_all_that_it_tells(registry: Registry) -> None:
    record = admit(registry)
    registry.refuse("busy")
    snapshot = registry.snapshot()
    assert snapshot.started_at <= record.accepted_at <= snapshot.refusals[0].began <= snapshot.at


def test_the_waiting_and_the_serving_take_the_places(registry: Registry) -> None:
    records = [admit(registry) for _ in range(3)]
    registry.serve(records[0])
    assert registry.admit("127.0.0.1:4") is None
    registry.close(records[0], "bye")
    assert admit(registry).number == 4


def test_a_session_has_its_peers_address_for_a_name_until_one_is_found(
    registry: Registry,
) -> None:
    admit(registry)
    [session] = registry.snapshot().sessions
    assert (session.peer, session.client) == ("127.0.0.1:1", "127.0.0.1:1")


def test_a_refusal_is_counted_by_reason_and_takes_no_number(registry: Registry) -> None:
    assert registry.snapshot().refused == {"busy": 0, "closing": 0}
    registry.refuse("busy")
    registry.refuse("busy")
    registry.refuse("closing")
    assert registry.snapshot().refused == {"busy": 2, "closing": 1}
    assert admit(registry).number == 1


def test_every_refusal_has_its_moment(registry: Registry) -> None:
    before = now()
    registry.refuse("busy")
    registry.refuse("closing")
    after = now()
    refusals = registry.snapshot().refusals
    assert sum(tick.events for tick in refusals) == 2
    assert all(before <= tick.began <= tick.ended <= after for tick in refusals)


def test_a_session_that_got_no_thread_is_refused_and_leaves_no_other_trace(
    registry: Registry,
) -> None:
    record = admit(registry)
    assert registry.withdraw(record, "busy")
    assert record.state == "closed"
    assert not registry.serve(record)
    snapshot = registry.snapshot()
    assert (snapshot.accepted, snapshot.open, snapshot.sessions) == (0, 0, ())
    assert snapshot.refused["busy"] == 1
    assert admit(registry).number == 1


def test_a_session_that_is_served_cannot_be_withdrawn(registry: Registry) -> None:
    record = admit(registry)
    registry.serve(record)
    assert not registry.withdraw(record, "busy")
    assert registry.snapshot().serving == 1


def test_a_closed_record_stays_as_it_is(registry: Registry) -> None:
    record = admit(registry)
    registry.dismiss(record, "closing")
    registry.assign(record)  # as a worker would that comes to it in the queue
    assert record.thread is None


def test_a_session_has_its_thread_while_it_still_waits(registry: Registry) -> None:
    record = admit(registry)
    thread = threading.Thread(target=registry.assign, args=(record,), name="Thread-1")
    thread.start()
    thread.join()
    session = registry.snapshot().sessions[0]
    assert (session.state, session.thread) == ("waiting", "Thread-1")
    assert session.native_id not in (None, threading.get_native_id())


def test_only_one_that_waits_can_be_dismissed_and_then_it_is_never_served(
    registry: Registry,
) -> None:
    waiting, serving = admit(registry), admit(registry)
    registry.serve(serving)
    assert registry.dismiss(waiting, "closing")
    assert not registry.dismiss(serving, "closing")
    assert not registry.serve(waiting)
    assert [session.end for session in registry.snapshot().sessions] == ["closing", None]


def test_the_last_thousand_closed_sessions_are_kept_and_every_open_one(registry: Registry) -> None:
    stays = admit(registry)
    for _ in range(HISTORY + 5):
        record = admit(registry)
        registry.serve(record)
        registry.close(record, "bye")
    snapshot = registry.snapshot()
    numbers = [session.number for session in snapshot.sessions]
    assert numbers == [stays.number, *range(7, HISTORY + 7)]
    assert snapshot.accepted == HISTORY + 6


def test_the_totals_never_fall_while_closed_sessions_are_forgotten(registry: Registry) -> None:
    stays = admit(registry)
    registry.serve(stays)
    said = []
    for _ in range(HISTORY + 100):
        record = admit(registry)
        registry.serve(record)
        say(record)
        say(stays)
        if record.number % 25 == 0:
            said.append(counters(registry.snapshot()))
        registry.close(record, "bye")
        if record.number % 25 == 0:
            said.append(counters(registry.snapshot()))
    for before, after in pairwise(said):
        assert all(was <= is_ for was, is_ in zip(before, after, strict=True))
    totals = registry.snapshot().totals
    assert totals.ended == {"bye": HISTORY + 100}
    assert totals.messages == sum(totals.answers.counts) == 2 * (HISTORY + 100)


def test_the_totals_have_what_open_sessions_have_said_and_no_times_of_them(
    registry: Registry,
) -> None:
    open_, closed = admit(registry), admit(registry)
    for record in (open_, closed):
        registry.serve(record)
        say(record)
    registry.close(closed, "lost")
    totals = registry.snapshot().totals
    assert (totals.messages, totals.bytes_in, totals.bytes_out) == (2, 8, 80)
    assert (sum(totals.answers.counts), totals.answers.sum) == (2, 0.2)
    assert totals.ended == {"lost": 1}
    assert sum(totals.waiting.counts) == sum(totals.sessions.counts) == 1


def test_a_snapshot_s_totals_do_not_change_when_sessions_go_on(registry: Registry) -> None:
    record = admit(registry)
    registry.serve(record)
    say(record)
    snapshot = registry.snapshot()
    before = counters(snapshot)
    say(record)
    registry.close(record, "bye")
    assert counters(snapshot) == before


def test_one_that_got_no_thread_is_in_no_total(registry: Registry) -> None:
    registry.withdraw(admit(registry), "busy")
    assert sum(counters(registry.snapshot())) == 0


def test_waiting_until_empty_ends_with_the_last_session(registry: Registry) -> None:
    record = admit(registry)
    assert not registry.wait_until_empty(0.01)
    thread = threading.Thread(target=registry.dismiss, args=(record, "closing"))
    thread.start()
    assert registry.wait_until_empty(10)
    thread.join()


def test_the_peak_remembers_the_most_that_were_served_at_once(registry: Registry) -> None:
    records = [admit(registry) for _ in range(2)]
    for record in records:
        registry.serve(record)
    for record in records:
        registry.close(record, "bye")
    registry.serve(admit(registry))
    snapshot = registry.snapshot()
    assert (snapshot.serving, snapshot.peak_serving) == (1, 2)
