"""Compares what servers report about themselves with what was seen from outside."""

from collections.abc import Iterator, Sequence

from lanes.session import Session
from lanes.snapshot import Snapshot

SETTLED = 2.0  # seconds that a session must have been served: both look at different moments


def compare(parts: Sequence[Snapshot]) -> tuple[str, ...]:
    """Return a line for each client whose thread they disagree about; else how many they agree on.

    Clients are matched by their addresses, threads by the system's ids. The result is empty if
    there is no report, or nothing was seen.
    """
    told = {one.peer: one for part in parts if not part.seen for one in _settled(part)}
    seen = {one.peer: one for part in parts if part.seen for one in _settled(part) if one.certain}
    both = [(told[peer], seen[peer]) for peer in told.keys() & seen.keys()]
    different = [(one, other) for one, other in both if one.native_id != other.native_id]
    if different:
        return tuple(
            "The server's report and the observation disagree: the server says "
            f"{one.thread} (OS thread {one.native_id}) serves {one.client}, but OS thread "
            f"{other.native_id} does."
            for one, other in sorted(different, key=lambda pair: pair[0].number)
        )
    if both:
        clients = "1 client" if len(both) == 1 else f"each of {len(both)} clients"
        agreed = f"agree on which thread serves {clients}"
        return (f"The server's report and the observation {agreed}.",)
    return ()


def _settled(part: Snapshot) -> Iterator[Session]:
    for one in part.sessions:
        if one.state == "serving" and one.served(part.at) >= SETTLED:
            yield one
