"""Snapshot -> the document /sessions.json, which docs/sessions.schema.json describes.

It carries all that a view needs, and stays under 1 MiB: the more sessions, the more ticks are
merged. Viewers ask twice a second, so they name the moment of the answer that they have, and get
what has happened since: a hundredth of the whole document's cost.
"""

import json
from dataclasses import fields
from operator import attrgetter

from server.chat.record import Record
from server.chat.registry import Snapshot
from server.chat.ticks import Tick

VERSION = 1
OPEN_TICKS, CLOSED_TICKS = 12_288, 4_096  # in one document, at most 27 bytes each
NAMED = 1.0  # seconds after its end in which a session may still get its client's name
OPTIONS = ("model", "protocol", "replica")
FIGURES = [f.name for f in fields(Snapshot) if f.name not in ("totals", "refusals", "sessions")]
FACTS = [fact.name for fact in fields(Record) if fact.compare]  # all but ticks and histogram

_facts = attrgetter(*FACTS)


def document(snapshot: Snapshot, since: float = 0.0) -> bytes:
    """The document as JSON; without the sessions and the ticks that had ended before `since`."""
    closed = len(snapshot.sessions) - snapshot.open
    few, many = CLOSED_TICKS // max(closed, 1), OPEN_TICKS // max(snapshot.open, 1)
    facts = {
        "version": VERSION,
        "since": since,
        **{name: snapshot.settings[name] for name in OPTIONS},
        **{name: getattr(snapshot, name) for name in FIGURES},
        "messages": snapshot.totals.messages,
        "refusals": [(began, count) for began, _, count in snapshot.refusals],
        "sessions": [
            _session(record, since, many if record.closed_at is None else few)
            for record in snapshot.sessions
            if record.closed_at is None or record.closed_at >= since - NAMED
        ],
    }
    return json.dumps(facts, default=str, separators=(",", ":")).encode()


def _session(record: Record, since: float, most: int) -> dict[str, object]:
    facts = dict(zip(FACTS, _facts(record), strict=True))
    return facts | {"ticks": _ticks(record, since, most)}


def _ticks(record: Record, since: float, most: int) -> list[tuple[int, int, int]]:
    """Microseconds from the accept, microseconds from then on, messages."""
    ticks, accepted = record.ticks.since(since), record.accepted_at
    return [
        (round((began - accepted) * 1e6), round((ended - began) * 1e6), count)
        for began, ended, count in (ticks if len(ticks) <= most else _thinned(ticks, most))
    ]


def _thinned(ticks: list[Tick], most: int) -> list[Tick]:
    """At most `most`, and the last: neighbours are merged, and their counts added up.

    The last is left alone because it may still grow; its beginning tells a reader which it was.
    """
    together = -(-len(ticks) // max(most, 1))
    parts = [ticks[first:-1][:together] for first in range(0, len(ticks) - 1, together)]
    return [(one[0][0], one[-1][1], sum(n for *_, n in one)) for one in parts] + ticks[-1:]
