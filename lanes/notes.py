"""The text next to the lanes, decided once for all views: figures, stories, notes."""

from collections.abc import Iterator

from lanes.invitation import TCP, command
from lanes.marks import count
from lanes.picture import ALL, Picture
from lanes.session import Session
from lanes.snapshot import Seen, Snapshot

NONE = "\N{EN DASH}"  # instead of a figure that is not known
ADDRESSES = 3  # of listening sockets that are shown


def figures(picture: Picture) -> dict[str, str]:
    """Return the figures above the lanes, by name."""
    snapshot = picture.snapshot
    if snapshot.past:
        unseen = snapshot.seen and "serving" in snapshot.seen.unknown
        then = {"clients then": snapshot.open, "served then": NONE if unseen else snapshot.serving}
        told = {} if snapshot.seen else {"model": snapshot.model}
        return told | {name: str(figure) for name, figure in then.items()}
    if snapshot.seen:
        return _seen_figures(snapshot, snapshot.seen)
    # The peaks of several servers were at different times, so that their sum means nothing.
    peak = f" (peak {snapshot.peak_serving})" if len(snapshot.servers) == 1 else ""
    return {
        "model": snapshot.model,
        "clients now": str(snapshot.open),
        "served at once": f"{snapshot.serving}{peak}",
        "messages": said(snapshot.messages, snapshot.messages_refused),
        "connections refused": str(sum(snapshot.refused.values())),
    }


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
        "samples per second": f"{seen.rate:.0f}",
    }


def said(messages: int, refused: int | None) -> str:
    """Say how many messages there were, and how many of them were refused."""
    return f"{messages} ({refused} refused)" if refused else str(messages)


def story(session: Session, at: float) -> str:
    """Return all figures of a session, for a viewer who points at its bar or marks it."""
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


def notes(picture: Picture, unseen: int = 0) -> Iterator[str]:
    """Yield what the picture does not show, and what is not drawn."""
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
        more = f"{picture.lanes_more} more lanes are not drawn"
        yield f"{more}; the ones shown were used most recently."
    if unseen:
        yield f"{unseen} more sessions are too short to be drawn."


def _nobody(picture: Picture) -> Iterator[str]:
    """Say that nothing is drawn; if there are no clients now, also how to become one."""
    span = f"{round(picture.span, 1):g} s"
    if picture.kind != ALL and any(picture.counts.values()):
        yield f"No {picture.kind} sessions among the clients of the last {span}."
    elif picture.snapshot.past:
        yield f"No clients in this {span} window, as far as the history goes."
    else:
        yield f"No clients in the last {span}."
        if typed := command(picture.snapshot):
            yield f"Type this in a terminal, and then a line of text: {typed}"


def _listens(seen: Seen) -> Iterator[str]:
    """Say where the server listens; if at many addresses, only the first few."""
    named = [
        address if TCP.fullmatch(address) else f"the Unix-domain socket {address}"
        for address in dict.fromkeys(one.address for one in seen.queues)
    ]
    more = f" and {len(named) - ADDRESSES} more" if len(named) > ADDRESSES else ""
    if named:
        hidden = "" if _has_tcp(seen) else ", whose clients are not shown"
        yield f"Listens on {', '.join(named[:ADDRESSES])}{more}{hidden}."


def _has_tcp(seen: Seen) -> bool:
    """Whether its clients can be drawn: only those of a TCP port are."""
    return any(TCP.fullmatch(one.address) for one in seen.queues)


def _evidence(part: Snapshot) -> str:
    return f"; seen from outside: {part.seen.kind} ({part.seen.evidence})" if part.seen else ""


def replicas(picture: Picture) -> list[str]:
    """Return a line about each of several servers, and about each that did not answer."""
    parts = [
        f"{part.replica} at {part.where}, serves {part.serving} (peak {part.peak_serving}), "
        f"messages {part.messages}{_evidence(part)}"
        for part in picture.snapshot.parts
    ]
    return [*parts, *picture.snapshot.missing]
