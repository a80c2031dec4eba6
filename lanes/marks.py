"""What is written on and around the lanes, decided once for SVG and terminal alike.

Room and places are in whatever unit a view draws in: pixels, or a terminal's cells.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from lanes.invitation import TCP, command
from lanes.picture import ALL, Bar, Lane, Picture
from lanes.replicas import thread_name
from lanes.snapshot import LEFT, Seen, Session, Snapshot

STEPS = (0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400)
FAILED = "\N{BALLOT X}"
NONE = "\N{EN DASH}"  # in place of a figure that is not known
ADDRESSES = 3  # of listening sockets that are named
NOT_KNOWN = "not known"  # which thread it is


class Row(NamedTuple):
    """A row of the queue, or a lane."""

    name: str  # of its thread, or what there is instead; empty if it is the row's above
    note: str  # what stands under the name
    lane: Lane | None
    bars: Sequence[Bar]


def moment(at: float) -> str:
    """A moment for people."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def figures(picture: Picture) -> dict[str, str]:
    """What stands above the lanes, by name."""
    snapshot = picture.snapshot
    if snapshot.past:
        unseen = snapshot.seen and "serving" in snapshot.seen.unknown
        then = {"clients then": snapshot.open, "served then": NONE if unseen else snapshot.serving}
        told = {} if snapshot.seen else {"model": snapshot.model}
        return told | {name: str(figure) for name, figure in then.items()}
    if snapshot.seen:
        return _seen_figures(snapshot, snapshot.seen)
    # The peaks of several servers were at different times, and add up to nothing.
    peak = f" (peak {snapshot.peak_serving})" if len(snapshot.servers) == 1 else ""
    return {
        "model": snapshot.model,
        "clients now": str(snapshot.open),
        "served at once": f"{snapshot.serving}{peak}",
        "messages": said(snapshot.messages, snapshot.messages_refused),
        "connections refused": str(sum(snapshot.refused.values())),
    }


def said(messages: int, refused: int | None) -> str:
    """How many messages there were, and how many of them could not be answered."""
    return f"{messages} ({refused} refused)" if refused else str(messages)


def _seen_figures(snapshot: Snapshot, seen: Seen) -> dict[str, str]:
    queued = sum(queue.waiting for queue in seen.queues)
    limits = " + ".join(str(queue.limit) for queue in seen.queues if queue.limit)

    def known(name: str, figure: str) -> str:
        return NONE if name in seen.unknown else figure

    return {
        "clients now": str(snapshot.open),
        "served at once": known("serving", f"{snapshot.serving} (peak {snapshot.peak_serving})"),
        "messages": known("messages", str(snapshot.messages)),
        "in the backlog": known("backlog", f"{queued} of {limits}" if limits else str(queued)),
        "looks a second": f"{seen.rate:.0f}",
    }


def axis(picture: Picture, length: float, room: Callable[[str], float]) -> list[tuple[float, str]]:
    """Moments and their labels, back from now, in the smallest step that leaves each its room."""
    for step in STEPS:
        times = int(picture.span / step)
        widest = max(room(ago(step * times)), room(ago(step * max(times - 1, 0))))
        if length * step / picture.span >= widest:
            backs = [step * back for back in range(times + 1)]
            return [(picture.at - back, ago(back) if back else _end(picture)) for back in backs]
    return [(picture.at, _end(picture))]


def ago(seconds: float) -> str:
    """The label of a moment."""
    return f"\N{MINUS SIGN}{seconds:g} s" if seconds else "now"


def _end(picture: Picture) -> str:
    return "then" if picture.snapshot.past else ago(0)


def refusals(
    picture: Picture, place: Callable[[float], float], room: Callable[[int], float]
) -> list[tuple[float, int]]:
    """Where refused connections are marked and how many; those without room join the last."""
    marks: list[tuple[float, int]] = []
    for at, connections in picture.refusals:
        here, before = place(at), 0
        if marks and here - marks[-1][0] < room(marks[-1][1]):
            here, before = marks.pop()
        marks.append((here, before + connections))
    return marks


def captions(bar: Bar, client: str, *, counted: bool = False) -> list[str]:
    """What a bar may be called, the longest first; `counted` has its messages in the longest."""
    number, short, reason = f"#{bar.session.number}", "", ""
    if bar.failed:
        short, reason = f" {FAILED}", f" {FAILED} {bar.reason}"
    if not bar.session.certain:
        number += "?" * (bar.session.how != LEFT)
        reason = f" {bar.session.how}"
    names = [f"{number} {client}{reason}", f"{number}{reason}", f"{number}{short}"]
    if counted and bar.served:
        said = count(bar.session.messages, "message")
        names.insert(0, f"{number} {client} \N{MIDDLE DOT} {said}{reason}")
    return names


def count(number: int, what: str) -> str:
    """A number of things."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def story(session: Session, at: float) -> str:
    """All figures of a session, for whoever points at its bar or marks it."""
    thread = "no thread"
    if session.thread:
        thread = f"in {session.thread} (OS thread {session.native_id or 'unknown'})"
    what = "message" if session.messages == 1 else "messages"
    sizes = f", {count(session.bytes_in, 'byte')} in, {count(session.bytes_out, 'byte')} out"
    return (
        f"Session {session.number}: {session.name} from {session.peer}, {thread}. "
        f"Waited {session.waited(at):.3f} s, served {session.served(at):.3f} s, "
        f"{said(session.messages, session.refused)} {what}{sizes if session.sized else ''}. "
        f"{session.standing}."
        f"{f' Known: {session.how}.' if session.how else ''}"
        f"{f' Its thread {session.where}.' if session.where else ''}"
    )


def rows(picture: Picture) -> Iterator[Row]:
    """The queue, named where each server's begins, and the lanes below it."""
    before = None
    for bars in picture.queue:
        # From outside it may be seen that somebody serves a client, but not who.
        served = any(bar.served for bar in bars)
        name = thread_name(bars[0].session.replica, NOT_KNOWN if served else "queue")
        note = "which thread serves" if served else "no thread yet"
        yield Row("" if name == before else name, note, None, bars)
        before = name
    for lane in picture.lanes:
        note = f"OS thread {'' if lane.native_id is None else lane.native_id}"
        if lane.folded:
            note = f"{lane.folded} short visits"
        yield Row(lane.thread, note, lane, lane.bars)


def notes(picture: Picture, unseen: int = 0) -> Iterator[str]:
    """What the picture does not say, and what is not drawn."""
    if picture.snapshot.seen:
        yield f"{picture.snapshot.seen.kind}: {picture.snapshot.seen.evidence}."
    for server in picture.snapshot.servers:
        if server.seen:
            yield from server.seen.notes
    if picture.snapshot.seen:
        yield from _listens(picture.snapshot.seen)
    yield from picture.snapshot.agreement
    heard = not picture.snapshot.seen or _has_tcp(picture.snapshot.seen)
    if not picture.lanes and not picture.queue and heard:
        yield from _nobody(picture)
    if picture.queue_more:
        yield f"{picture.queue_more} more rows of the queue are not drawn."
    if picture.lanes_more:
        yield f"{picture.lanes_more} more lanes are not drawn: these were used last."
    if unseen:
        yield f"{unseen} more sessions are too short to be drawn."


def _nobody(picture: Picture) -> Iterator[str]:
    """That nothing is drawn, and, if nothing is to be, how to change that."""
    span = f"{round(picture.span, 1):g} s"
    if picture.kind != ALL and any(picture.counts.values()):
        yield f"Of those who were here in the last {span}, none is {picture.kind}."
    elif picture.snapshot.past:
        yield f"Nobody was here in these {span}, as far as is remembered."
    else:
        yield f"Nobody was here in the last {span}."
        if typed := command(picture.snapshot):
            yield f"Type this in a terminal, and then a line of text: {typed}"


def _listens(seen: Seen) -> Iterator[str]:
    """Where, of several the first few."""
    named = [
        address if TCP.fullmatch(address) else f"the Unix-domain socket {address}"
        for address in dict.fromkeys(one.address for one in seen.queues)
    ]
    more = f" and {len(named) - ADDRESSES} more" if len(named) > ADDRESSES else ""
    if named:
        hidden = "" if _has_tcp(seen) else ", whose clients are not shown"
        yield f"Listens on {', '.join(named[:ADDRESSES])}{more}{hidden}."


def _has_tcp(seen: Seen) -> bool:
    """Whether its clients would be drawn: those of a TCP port are."""
    return any(TCP.fullmatch(one.address) for one in seen.queues)


def _evidence(part: Snapshot) -> str:
    return f"; seen from outside: {part.seen.kind} ({part.seen.evidence})" if part.seen else ""


def replicas(picture: Picture) -> list[str]:
    """A line about each of several servers, and about each that did not answer."""
    parts = [
        f"{part.replica} at {part.where}, serves {part.serving} (peak {part.peak_serving}), "
        f"messages {part.messages}{_evidence(part)}"
        for part in picture.snapshot.parts
    ]
    return [*parts, *picture.snapshot.missing]
