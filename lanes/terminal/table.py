"""The exact facts of the sessions in a picture, a line for each: what a drawing cannot show."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from lanes.notes import NONE
from lanes.picture import Picture
from lanes.replicas import thread_name
from lanes.session import Session
from lanes.terminal.cells import clipped, plain, shortened

SESSIONS = 64  # at most; or one more, instead of the count of earlier ones
ABOVE = 2  # lines: a blank one and the headings
WIDE = 80  # cells: with fewer, only the lanes show the OS thread
HOW, WHERE = "HOW KNOWN", "ITS THREAD"  # what can be seen only from outside
LEAST = 20  # cells for where a thread is: with fewer, only the page shows it
FIGURES = {"WAITED", "SERVED", "MESSAGES"}  # these are aligned to the right


def draw_table(picture: Picture, width: int, height: int) -> Iterator[Table | Text]:
    """Yield the last sessions, and how many came before them, in at most `height` lines."""
    sessions = picture.sessions()
    lines = min(height - ABOVE, SESSIONS + 1)
    earlier = 0 if len(sessions) <= lines else len(sessions) - lines + 1  # the count takes a line
    shown = sessions[earlier:]
    if shown:
        yield Text()
        uncounted = picture.snapshot.uncounted
        yield _table([_facts(session, picture.at, uncounted) for session in shown], width)
    if shown and earlier:
        yield Text(f"… {earlier} earlier sessions", "dim")


def _facts(session: Session, at: float, uncounted: AbstractSet[str]) -> dict[str, str]:
    return {
        "#": str(session.number),
        "CLIENT": plain(session.name),
        "THREAD": plain(session.thread or thread_name(session.replica, "-")),
        "OS THREAD": str(session.native_id or "-"),
        "STATE": plain(session.standing),
        "WAITED": f"{session.waited(at):.1f} s",
        "SERVED": "-" if session.served_at is None else f"{session.served(at):.1f} s",
        "MESSAGES": NONE if session.replica in uncounted else str(session.messages),
        HOW: plain(session.how),
        WHERE: plain(session.where),
    }


def _table(lines: list[dict[str, str]], width: int) -> Table:
    """Return the table; the client, or where its thread is if known, gets the room that is left."""
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
    cuts = {"CLIENT": shortened, WHERE: _standing} if WHERE in widest else {"CLIENT": shortened}
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0))
    for heading in widest:
        table.add_column(heading, no_wrap=True, justify="right" if heading in FIGURES else "left")
    for line in lines:
        shown = line | {name: cut(line[name], room(name)) for name, cut in cuts.items()}
        table.add_row(*(Text(shown[heading]) for heading in widest))
    return table


def _standing(where: str, cells: int) -> str:
    """Return at most `cells` cells of it; leave out what it does before its source line."""
    doing, at, line = where.partition(" at ")
    place, _, _ = line.partition(": ")
    return clipped(where if cell_len(f"{doing}{at}{place}") < cells else line or where, cells)


def _left_out(lines: list[dict[str, str]], width: int) -> set[str]:
    """Return columns shown elsewhere, if there is little room; or unknown, if nothing was seen."""
    from_outside = any(line[HOW] for line in lines)
    return ({"OS THREAD"} if width < WIDE else set()) | (set() if from_outside else {HOW, WHERE})
