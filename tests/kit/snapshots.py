"""Snapshots to draw: given in seconds since some moment, or any that Hypothesis can think of."""

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, get_args

from hypothesis import strategies as st

from server.chat.record import End, Record, Tls
from server.chat.registry import HISTORY, Refusal, Snapshot
from server.chat.ticks import Ticks
from server.chat.totals import Totals

EPOCH = 1_800_000_000.0  # the moment that the seconds below count from
MODELS = ["thread", "cached", "pool", "lock"]
REUSED = {"cached", "pool"}  # whose threads serve one client after another


def record(  # noqa: PLR0913 - one argument for each fact
    number: int,
    accepted: float,
    served: float | None = None,
    closed: float | None = None,
    *,
    thread: str | None = None,
    native_id: int | None = None,
    client: str | None = None,
    end: End = "bye",
    tls: Tls = "",
    ticks: Iterable[tuple[float, float, int]] = (),
) -> Record:
    """One session: its thread is Thread-<number> once it is served, unless another is given."""
    if thread is None and served is not None:
        thread = f"Thread-{number}"
    peer = f"10.0.0.{number % 250}:{40_000 + number}"
    made = Record(
        number,
        peer,
        EPOCH + accepted,
        client=client or peer,
        thread=thread,
        native_id=(native_id or 1_000 + number) if thread else None,
        state="serving" if served is not None else "waiting",
        served_at=None if served is None else EPOCH + served,
        tls=tls,
    )
    for began, ended, count in ticks:
        made.ticks.add(EPOCH + began, EPOCH + ended, count)
        made.answers.observe(ended - began, count)
        made.messages += count
    if closed is not None:
        made.state, made.closed_at, made.end = "closed", EPOCH + closed, end
    return made


def snapshot(
    *records: Record,
    at: float,
    model: str = "thread",
    refusals: Iterable[float] = (),
    started: float = 0.0,
    replica: str = "",
) -> Snapshot:
    """The registry that has these sessions, `at` seconds after the moment."""
    totals, refused = Totals(), Ticks()
    for one in records:
        if one.end is not None and one.closed_at is not None:
            totals.fold(one, one.end, one.closed_at)
        else:
            totals.count(one)
    for moment in refusals:
        refused.add(EPOCH + moment, EPOCH + moment, 1)
    serving = sum(one.state == "serving" for one in records)
    return Snapshot(
        at=EPOCH + at,
        started_at=EPOCH + started,
        settings={"model": model, "protocol": "lines", "replica": replica, "workers": 4},
        pid=4321,
        gil=True,
        open=sum(one.state != "closed" for one in records),
        serving=serving,
        peak_serving=serving,
        accepted=len(records),
        refused=dict.fromkeys(get_args(Refusal), 0)
        | {"busy": sum(count for *_, count in refused.since())},
        refusals=tuple(refused.since()),
        totals=totals,
        sessions=tuple(sorted(records, key=lambda one: one.number)),
    )


names = st.text(max_size=30) | st.sampled_from(["lab-client-1", "lab-client-12", "<b>&\"'"])


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Any possible snapshot of a registry: a thread's sessions come one after the other."""
    model = draw(st.sampled_from(MODELS))
    at = draw(st.floats(0.001, 200))
    threads = draw(st.integers(1, 4)) if model in REUSED else math.inf
    records: list[Record] = []
    for number in range(1, draw(st.integers(1, 14)) + 1):
        records.append(draw(_sessions(number, at, model, threads, records)))
    refusals = sorted(draw(st.lists(st.floats(0, at), max_size=5)))
    return snapshot(*records, at=at, model=model, refusals=refusals)


@st.composite
def _sessions(
    draw: st.DrawFn, number: int, at: float, model: str, threads: float, before: list[Record]
) -> Record:
    thread = draw(st.integers(1, int(threads))) if model in REUSED else number
    name = f"Worker-{thread}" if model == "pool" else f"Thread-{number}"
    mine = [one.closed_at for one in before if one.thread == name]
    # From when the thread is free: never again while a session of it is open.
    free = max((at if end is None else end - EPOCH for end in mine), default=0.0)
    steps = sorted(draw(st.lists(st.floats(0, at), min_size=3, max_size=3)))
    accepted, served, closed = steps[0], max(steps[1], free), max(steps[2], free)
    fate = draw(st.sampled_from(["waiting", "dismissed", "serving", "closed"]))
    client, end = draw(names) or "nobody", draw(st.sampled_from(get_args(End)))
    if fate in {"waiting", "dismissed"} or free >= at:
        own = name if model == "lock" else None
        closes = None if fate == "waiting" else closed
        return record(number, accepted, closed=closes, thread=own, client=client, end="closing")
    moments = sorted(draw(st.lists(st.floats(served, closed), max_size=6)))
    ticks = [(began, ended, 1) for began, ended in pairwise(moments)]
    facts: dict[str, Any] = {"thread": name, "native_id": 1_000 + thread, "client": client}
    facts["tls"] = draw(st.sampled_from(["", "encrypted", "proven"]))
    closes = None if fate == "serving" else closed
    return record(number, accepted, served, closes, end=end, ticks=ticks, **facts)


OPEN, WORKERS = 256, 64


def crowded(model: str, length: float = 0.85) -> Snapshot:
    """As many sessions as are remembered: 256 open, 1,000 closed, each `length` seconds long."""
    turns = math.ceil(HISTORY / WORKERS)
    at = turns * (length + 0.05) + 15
    closed = [
        _busy(number, model, (number - 1) // WORKERS * (length + 0.05), length)
        for number in range(1, HISTORY + 1)
    ]
    still = [_busy(HISTORY + number, model, at - 15, None) for number in range(1, OPEN + 1)]
    return snapshot(*closed, *still, at=at, model=model)


def _busy(number: int, model: str, start: float, length: float | None) -> Record:
    served = start + 0.03
    if length is None and model != "thread" and number > HISTORY + WORKERS:
        return record(number, accepted=start)  # it waits for its turn
    worker = (number - 1) % WORKERS + 1
    talks = 15.0 if length is None else length
    moments = [served + i / 4 for i in range(int((talks - 0.03) * 4))]
    ticks = [(moment, moment + 0.2, 937) for moment in moments]
    closed, name = None if length is None else start + length, f"thread-lanes-client-{number % 300}"
    own: Any = {"thread": f"Worker-{worker}", "native_id": worker} if model == "pool" else {}
    return record(number, start, served, closed, client=name, ticks=ticks, **own)
