"""Snapshot -> the document /sessions.json, which docs/sessions.schema.json describes.

It has everything that a view needs, and stays under 1 MiB: the more sessions, the more ticks are
merged. Viewers ask for what is new since their last answer, which costs less.
"""

import json
from dataclasses import fields
from functools import lru_cache
from math import inf
from operator import attrgetter
from time import sleep

from server.chat.record import Record
from server.chat.registry import HISTORY, Snapshot
from server.chat.ticks import Tick

VERSION = 1
OPEN_TICKS, CLOSED_TICKS = 12_288, 4_096  # in one document, at most 27 bytes each
NAMED = 1.0  # seconds after a session's end in which its client's name may still be found
FIGURES = [f.name for f in fields(Snapshot) if f.name not in ("totals", "refusals", "sessions")]
FACTS = [fact.name for fact in fields(Record) if fact.compare]  # all but ticks and histogram

_facts = attrgetter(*FACTS)
_text = json.JSONEncoder(default=str, separators=(",", ":")).encode


def document(snapshot: Snapshot, since: float = 0.0) -> bytes:
    """Return the document as JSON, without sessions and ticks that ended before `since`."""
    told = [one for one in snapshot.sessions if (one.closed_at or inf) >= since - NAMED]
    # A power of two, so that cached texts stay valid while sessions come and go.
    few = CLOSED_TICKS // (1 << max(len(told) - snapshot.open - 1, 0).bit_length())
    many = OPEN_TICKS // max(snapshot.open, 1)
    facts = {
        "version": VERSION,
        "since": since,
        **{name: snapshot.settings[name] for name in ("model", "protocol", "replica")},
        **{name: getattr(snapshot, name) for name in FIGURES},
        "messages": snapshot.totals.messages,
        "messages_refused": snapshot.totals.refused,
        "refusals": [(began, count) for began, _, count in snapshot.refusals],
    }
    sessions = [
        _kept(one, one.client, few) if one.closed_at and not since else _json(one, since, few, many)
        for one in told
    ]
    return f'{_text(facts)[:-1]},"sessions":[{",".join(sessions)}]}}'.encode()


def _json(record: Record, since: float, few: int, many: int) -> str:
    sleep(0)  # conversations that wait for the interpreter go first: see TURN in command.py
    facts = dict(zip(FACTS, _facts(record), strict=True))
    return _text(facts | {"ticks": _ticks(record, since, few if record.closed_at else many)})


@lru_cache(HISTORY)
def _kept(record: Record, _client: str, few: int) -> str:
    """Cache the text of a closed record, in which only the client's name may still change."""
    return _json(record, 0.0, few, few)


def _ticks(record: Record, since: float, most: int) -> list[tuple[int, int, int]]:
    """Return ticks as (microseconds since the accept, microseconds that it lasts, messages)."""
    ticks, accepted = record.ticks.since(since), record.accepted_at
    return [
        (round((began - accepted) * 1e6), round((ended - began) * 1e6), count)
        for began, ended, count in (ticks if len(ticks) <= most else _thinned(ticks, most))
    ]


def _thinned(ticks: list[Tick], most: int) -> list[Tick]:
    """Merge neighbours into at most `most` ticks, and the last one, which may still grow."""
    together = -(-len(ticks) // max(most, 1))
    parts = [ticks[first:-1][:together] for first in range(0, len(ticks) - 1, together)]
    return [(one[0][0], one[-1][1], sum(n for *_, n in one)) for one in parts] + ticks[-1:]
