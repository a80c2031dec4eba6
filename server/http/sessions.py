"""Snapshot -> the document /sessions.json, which docs/sessions.schema.json describes.

It carries all that a view needs, and stays under 1 MiB: the more sessions, the more ticks are
merged. Viewers ask twice a second, so the text of a session that has closed is made once.
"""

import json
from collections.abc import Iterator

from server.chat.record import Record
from server.chat.registry import Snapshot

VERSION = 1
OPEN_TICKS, CLOSED_TICKS = 12_288, 4_096  # in one document, at most 27 bytes each
OPTIONS = ("model", "protocol", "replica")
FIGURES = ("pid", "settings", "open", "serving", "peak_serving", "accepted", "refused")
FACTS = ("number", "peer", "client", "thread", "native_id", "state")
COUNTS = ("messages", "bytes_in", "bytes_out", "end")


class Document:
    """Renders one registry's snapshots, for any thread."""

    def __init__(self) -> None:
        # By number: the name and the limit of ticks that a closed session's text was made with.
        self._closed: dict[int, tuple[str, int, str]] = {}

    def render(self, snapshot: Snapshot) -> bytes:
        """The document as JSON."""
        facts = {
            "version": VERSION,
            "at": _moment(snapshot.at),
            "started_at": _moment(snapshot.started_at),
            **{name: snapshot.settings[name] for name in OPTIONS},
            **{name: getattr(snapshot, name) for name in FIGURES},
            "messages": snapshot.totals.messages,
            "refusals": [(_moment(tick.began), tick.events) for tick in snapshot.refusals],
        }
        head = json.dumps(facts, default=str)
        return f'{head[:-1]}, "sessions": [{",".join(self._sessions(snapshot))}]}}'.encode()

    def _sessions(self, snapshot: Snapshot) -> Iterator[str]:
        closed = len(snapshot.sessions) - snapshot.open
        # A power of two, so that a kept text stays good while sessions come and go.
        few = CLOSED_TICKS // (1 << max(closed - 1, 0).bit_length())
        many = max(OPEN_TICKS // max(snapshot.open, 1), 1)
        kept, self._closed = self._closed, {}
        for record in snapshot.sessions:
            if record.state != "closed":
                yield _text(record, many)
                continue
            name, limit, text = kept.get(record.number, ("", 0, ""))
            if (name, limit) != (record.client, few):  # the resolver may have found a name since
                text = _text(record, few)
            self._closed[record.number] = record.client, few, text
            yield text


def _text(record: Record, most: int) -> str:
    session = {
        **{name: getattr(record, name) for name in FACTS},
        "accepted_at": _moment(record.accepted_at),
        "served_at": _moment(record.served_at),
        "closed_at": _moment(record.closed_at),
        **{name: getattr(record, name) for name in COUNTS},
        "ticks": list(_ticks(record, most)),
    }
    return json.dumps(session, separators=(",", ":"))


def _ticks(record: Record, most: int) -> Iterator[tuple[int, int, int]]:
    """At most `most`: neighbours are merged, and their counts added up."""
    ticks = list(record.ticks)
    together = -(-len(ticks) // most) or 1
    for first in range(0, len(ticks), together):
        merged = ticks[first : first + together]
        began = _microseconds(merged[0].began - record.accepted_at)
        ended = _microseconds(merged[-1].ended - record.accepted_at)
        yield began, max(ended - began, 0), sum(tick.events for tick in merged)


def _moment(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)


def _microseconds(seconds: float) -> int:
    return max(round(seconds * 1_000_000), 0)  # a copied tick may have its end a moment late
