"""The exact facts of the sessions in a picture, a line for each: what a drawing cannot say."""

import math
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
WIDER = 110  # cells: with fewer, what only a look from outside tells is left to the page
SEEN = ("HOW KNOWN", "ITS THREAD")
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
        "CLIENT": plain(session.client),
        "THREAD": plain(session.thread or thread_name(session.replica, "-")),
        "OS THREAD": str(session.native_id or "-"),
        "STATE": plain(session.end or session.state),
        "WAITED": f"{session.waited(at):.1f} s",
        "SERVED": "-" if session.served_at is None else f"{session.served(at):.1f} s",
        "MESSAGES": str(session.messages),
        "HOW KNOWN": session.how,
        "ITS THREAD": plain(session.where),
    }


def _table(lines: list[dict[str, str]], width: int) -> Table:
    """The client has the room that the others leave."""
    from_outside = any(line["HOW KNOWN"] for line in lines)
    needed = {"OS THREAD": WIDE} | dict.fromkeys(SEEN, WIDER if from_outside else math.inf)
    headings = [heading for heading in lines[0] if width >= needed.get(heading, 0)]
    gap = 2 if width >= WIDE else 1
    widest = {name: max(len(name), *(len(line[name]) for line in lines)) for name in headings}
    room = width - sum(widest.values()) + widest["CLIENT"] - gap * (len(headings) - 1)
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0))
    for heading in headings:
        table.add_column(heading, no_wrap=True, justify="right" if heading in FIGURES else "left")
    for line in lines:
        shown = line | {"CLIENT": shortened(line["CLIENT"], room)}
        table.add_row(*(Text(shown[heading]) for heading in headings))
    return table
