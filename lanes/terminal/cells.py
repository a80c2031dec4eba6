"""A line of a terminal, cell by cell. Text from outside is escaped: a terminal would obey it."""

from itertools import groupby

from rich.cells import cell_len
from rich.text import Text

BLANK = " "


def plain(text: str) -> str:
    """Escape what cannot be printed, or takes no cell of its own."""
    return "".join(
        c if c.isprintable() and cell_len(c) else c.encode("unicode_escape").decode() for c in text
    )


def shortened(text: str, cells: int) -> str:
    """Return at most `cells` cells of it: the end, because that is where names differ."""
    if cell_len(text) <= cells:
        return text
    while text and cell_len(text) >= cells:
        text = text[1:]
    return f"…{text}"


def clipped(text: str, cells: int) -> str:
    """Return at most `cells` cells of it: the beginning, where a sentence says what it is about."""
    if cell_len(text) <= cells:
        return text
    while text and cell_len(text) >= cells:
        text = text[:-1]
    return f"{text}…"


class Line:
    """A line of cells, blank at first."""

    def __init__(self, cells: int) -> None:
        self._cells = [BLANK] * cells
        self._styles = [""] * cells

    def write(self, column: int, text: str, style: str = "") -> None:
        """Write text at a column; leave out what would go beyond the end of the line."""
        for character in text:
            cells = cell_len(character)
            if column + cells > len(self._cells):
                return
            self._cells[column : column + cells] = [character, *[""] * (cells - 1)]
            self._styles[column : column + cells] = [style] * cells
            column += cells

    def is_free(self, column: int, cells: int) -> bool:
        """Whether `cells` cells from `column` on are blank, and one more if the line is longer."""
        return column + cells <= len(self._cells) and all(
            cell == BLANK for cell in self._cells[column : column + cells + 1]
        )

    def find(self, run: str, first: int, past: int) -> int | None:
        """Return the column of these characters, one cell each, between two columns; or None."""
        place = "".join(self._cells[first:past]).find(run)
        return None if place < 0 else first + place

    def text(self) -> Text:
        """Return the line without the blanks at its end."""
        text = Text(no_wrap=True, overflow="crop")
        column = 0
        for style, run in groupby(self._styles):
            past = column + len(list(run))
            text.append("".join(self._cells[column:past]), style)
            column = past
        text.rstrip()
        return text
