"""The snapshots of tests/kit/snapshots.py as lanes reads them from a server's document."""

from hypothesis import strategies as st

from lanes.document import parse
from lanes.snapshot import Snapshot
from server.chat.record import Record
from server.chat.registry import Snapshot as Told
from server.http.sessions import document
from tests.kit import snapshots as told


def read(taken: Told) -> Snapshot:
    return parse(document(taken))


def snapshot(*records: Record, **facts: object) -> Snapshot:
    return read(told.snapshot(*records, **facts))  # type: ignore[arg-type]  # as there


def snapshots() -> st.SearchStrategy[Snapshot]:
    return told.snapshots().map(read)


def crowded(model: str, length: float = 0.85) -> Snapshot:
    return read(told.crowded(model, length))
