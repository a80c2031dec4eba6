"""The document that a server writes and lanes reads."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lanes.document import Unreadable, parse, render
from lanes.snapshot import Queue, Seen
from server.chat.registry import Snapshot as Told
from server.http.sessions import document
from tests.kit import snapshots as told
from tests.kit.schema import VALIDATOR
from tests.kit.snapshots import EPOCH, record

MICROSECOND = 0.000_001
OTHER_BYTES = b"caf\xe9".decode(errors="surrogateescape")  # a name that is not UTF-8


TAKEN = told.snapshot(
    record(1, accepted=1, served=2, closed=4, client="lab-client-1", ticks=[(2, 2.5, 3)]),
    record(2, accepted=3),
    at=5,
    refusals=[1.5],
    replica="server-1",
)
DOCUMENT: dict[str, Any] = json.loads(document(TAKEN))


def changed(**facts: object) -> bytes:
    return json.dumps(DOCUMENT | facts).encode()


def session(**facts: object) -> bytes:
    """Return the document with these facts of its first session changed."""
    first, second = DOCUMENT["sessions"]
    return changed(sessions=[first | facts, second])


@given(told.snapshots())
def test_a_servers_document_is_read_to_the_microsecond(taken: Told) -> None:
    read = parse(document(taken))
    moments = pytest.approx([taken.at, taken.started_at], abs=MICROSECOND)
    assert [read.at, read.started_at] == moments
    for name in ("pid", "open", "serving", "peak_serving", "accepted", "refused", "settings"):
        assert getattr(read, name) == getattr(taken, name)
    for name in ("model", "protocol", "replica"):
        assert getattr(read, name) == taken.settings[name]
    assert read.messages == taken.totals.messages
    assert [count for _, count in read.refusals] == [count for *_, count in taken.refusals]
    for one, other in zip(read.sessions, taken.sessions, strict=True):
        for name in ("number", "peer", "client", "thread", "native_id", "state", "messages", "end"):
            assert getattr(one, name) == getattr(other, name)
        for name in ("accepted_at", "served_at", "closed_at"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), abs=MICROSECOND)
        assert len(one.ticks) == len(other.ticks.since())
        for tick, its in zip(one.ticks, other.ticks.since(), strict=True):
            assert tick == pytest.approx(tuple(its), abs=3 * MICROSECOND)


@given(told.snapshots())
def test_lanes_writes_the_document_that_it_read(taken: Told) -> None:
    text = document(taken)
    written, told = json.loads(render(parse(text))), json.loads(text)
    for one, other in zip(written["sessions"], told["sessions"], strict=True):
        ticks, its = (list(chain(*session.pop("ticks"))) for session in (one, other))
        assert ticks == pytest.approx(its, abs=2)  # microseconds
    assert written == told


@pytest.mark.parametrize("known", [{"gil": True}, {"gil": False}, {}])
def test_the_state_of_the_gil_is_read_and_written_if_known(known: dict[str, bool]) -> None:
    told = {name: fact for name, fact in DOCUMENT.items() if name != "gil"} | known
    read = parse(json.dumps(told).encode())
    assert read.gil is known.get("gil")
    assert json.loads(render(read)) == told


@example(OTHER_BYTES)
@given(st.text(st.characters()))
def test_any_name_of_a_client_becomes_text_that_can_be_written(name: str) -> None:
    client = parse(session(client=name)).sessions[0].client
    assert client == name.encode(errors="replace").decode()


def test_messages_lie_within_their_session_and_sessions_are_ordered_by_number() -> None:
    [first] = parse(session(ticks=[[0, 9_999_999, 1]])).sessions[:1]
    assert first.ticks == ((EPOCH + 2, EPOCH + 4, 1),)
    backwards = changed(sessions=DOCUMENT["sessions"][::-1])
    assert parse(backwards).sessions == parse(changed()).sessions


def strange() -> Iterator[bytes]:
    """Texts that are not documents."""
    yield from (b"", b"ok\n", b"[]", b"{}", b"\xff", b"[" * 100_000)
    yield from (b'"version"', b'{"version": 1}')
    facts: dict[str, list[object]] = {
        "at": ["noon", None, -1, 1e12, [], math.nan, math.inf],
        "open": ["2", -1, 0.5, None, []],
        "refused": [None, ["busy"], {"busy": "often"}],
        "refusals": [1, [1], [[1]], [["noon", 1]]],
        "sessions": [1, [1], [{}], ["number"]],
        "replica": [None, 1],
        "settings": [None, 5],
        "gil": ["on", 1, []],
    }
    yield from (changed(**{name: value}) for name, values in facts.items() for value in values)
    facts = {
        "client": [None, 1, []],
        "thread": [1, []],
        "native_id": ["1", -1],
        "state": ["gone", None, []],
        "ticks": [None, [1], [[1, 1]], [["", 1, 1]], [[1, 1, -1]]],
        "served_at": [EPOCH],  # before it was accepted
        "closed_at": [EPOCH + 1.5],  # before it was served
    }
    yield from (session(**{name: value}) for name, values in facts.items() for value in values)
    yield session(accepted_at=EPOCH + 6, served_at=None, closed_at=None)  # after the snapshot
    yield changed().replace(b'"open": 1', b'"open": 1e999')


@pytest.mark.parametrize("body", list(strange()), ids=lambda body: ascii(body[-40:]))
def test_a_foreign_document_is_one_line_that_says_so(body: bytes) -> None:
    with pytest.raises(Unreadable, match=r"^its /sessions.json is not the document that lanes"):
        parse(body)


@pytest.mark.parametrize(
    ("version", "called"), [(2, "2"), ("1\n2", r"'1\\n2'"), ("9" * 99, "'9999999999999999999")]
)
def test_another_version_is_named_in_one_line(version: object, called: str) -> None:
    with pytest.raises(Unreadable, match=rf"^its /sessions.json has version {called}; lanes read"):
        parse(changed(version=version))


def test_facts_seen_from_outside_follow_the_schema_and_are_read_again() -> None:
    seen = Seen("an event loop", "1 thread polls 2 clients", 49.9, (Queue("*:2", 1, 5),), ("a",))
    seen = replace(seen, unknown=("messages",))
    told = parse(changed())
    sessions = tuple(replace(one, how="polled", where="polls") for one in told.sessions)
    watched = replace(told, seen=seen, sessions=sessions)
    text = render(watched)
    VALIDATOR.validate(json.loads(text))
    assert parse(text.encode()) == watched


@pytest.mark.parametrize("seen", [{"kind": "x"}, 1, ["x"], "x"])
def test_facts_seen_from_outside_must_be_complete(seen: object) -> None:
    with pytest.raises(Unreadable):
        parse(changed(seen=seen))
