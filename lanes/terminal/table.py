"""The exact facts of the sessions in a picture, a line for each: what a drawing cannot say."""

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from lanes.picture import Picture
from lanes.replicas import thread_name
from lanes.snapshot import Session
from lanes.terminal.cells import plain, shortened

SESSIONS = 64  # at most, or one more and no count: as many as there can be lanes
ABOVE = 2  # lines: a blank one and the headings
WIDE = 80  # cells: with fewer, the OS thread is left to the lanes, which name it too
HOW, WHERE = "HOW KNOWN", "ITS THREAD"  # what only a look from outside tells
LEAST = 20  # cells for where a thread stands: with fewer, that is left to the page
FIGURES = {"WAITED", "SERVED", "MESSAGES"}  # they stand to the right


def draw_table(picture: Picture, width: int, height: int) -> Iterator[Table | Text]:
    """The last sessions, and how many there are before them, in at most `height` lines."""
    sessions = picture.sessions()
    lines = min(height - ABOVE, SESSIONS + 1)
    earlier = 0 if len(sessions) <= lines else len(sessions) - lines + 1  # the count has a line
    shown = sessions[earlier:]
    if shown:
        yield Text()
        yield _table([_facts(session, picture.at) for session in shown], width)
    if shown and earlier:
        yield Text(f"… {earlier} earlier sessions", "dim")


def _facts(session: Session, at: float) -> dict[str, str]:
    return {
        "#": str(session.number),
        "CLIENT": plain(session.name),
        "THREAD": plain(session.thread or thread_name(session.replica, "-")),
        "OS THREAD": str(session.native_id or "-"),
        "STATE": plain(session.standing),
        "WAITED": f"{session.waited(at):.1f} s",
        "SERVED": "-" if session.served_at is None else f"{session.served(at):.1f} s",
        "MESSAGES": str(session.messages),
        HOW: plain(session.how),
        WHERE: plain(session.where),
    }


def _table(lines: list[dict[str, str]], width: int) -> Table:
    """The client has the room that the others leave, or where its thread stands if known."""
    gap = 2 if width >= WIDE else 1
    headings = [heading for heading in lines[0] if heading not in _left_out(lines, width)]
    widest = {name: max(len(name), *(len(line[name]) for line in lines)) for name in headings}

    def room(heading: str) -> int:
        others = sum(wide for name, wide in widest.items() if name != heading)
        return width - others - gap * (len(widest) - 1)

    if widest.get(WHERE, 0) > room(WHERE):
        widest[WHERE] = room(WHERE)
        if widest[WHERE] < LEAST:
            del widest[WHERE]
    shortest = {heading: room(heading) for heading in ("CLIENT", WHERE) if heading in widest}
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0))
    for heading in widest:
        table.add_column(heading, no_wrap=True, justify="right" if heading in FIGURES else "left")
    for line in lines:
        shown = line | {name: shortened(line[name], most) for name, most in shortest.items()}
        table.add_row(*(Text(shown[heading]) for heading in widest))
    return table


def _left_out(lines: list[dict[str, str]], width: int) -> set[str]:
    """What is said elsewhere, if there is little room; what nobody knows if nobody looked."""
    from_outside = any(line[HOW] for line in lines)
    return ({"OS THREAD"} if width < WIDE else set()) | (set() if from_outside else {HOW, WHERE})
