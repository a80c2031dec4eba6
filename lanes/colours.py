"""Chooses the colour of each session's bar: neighbours differ, and a session keeps its colour.

Colours tell bars apart and mean nothing else.
"""

from lanes.picture import COLOURS
from lanes.replicas import in_order
from lanes.snapshot import Snapshot

NEAR = (-2, -1, 0, 1, 2)  # a session takes no colour from lanes at these distances


def colours_of(snapshot: Snapshot) -> dict[str, int]:
    """Choose in the order of acceptance, so that new sessions change no other colours."""
    threads = {(one.thread, one.native_id) for one in snapshot.sessions if one.thread}
    in_turn = sorted(threads, key=lambda thread: (in_order(thread[0]), thread[1] or 0))
    place = {thread: NEAR[-1] * 2 + place for place, thread in enumerate(in_turn)}
    last: dict[int, int] = {}  # in each lane; lane 0 is for sessions without a thread yet
    chosen: dict[str, int] = {}
    for session in snapshot.sessions:
        here = place.get((session.thread or "", session.native_id), 0)
        taken = {last.get(here + away) for away in NEAR}
        wheel = ((session.number + step) % COLOURS for step in range(COLOURS))
        last[here] = chosen[session.key] = next(one for one in wheel if one not in taken)
    return chosen
