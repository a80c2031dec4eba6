"""A line of a terminal, cell by cell, and the text that it may contain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lanes.terminal.cells import Line, plain, shortened


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("lab-client-1 [fd00::1]:2022", "lab-client-1 [fd00::1]:2022"),
        ("\x1b[2J\r\n", "\\x1b[2J\\r\\n"),
        ("\u202e\udc80", "\\u202e\\udc80"),  # reverses the line; half a surrogate pair
        ("a\u0301", "a\\u0301"),  # would combine with the character before it
        ("教室", "教室"),
    ],
)
def test_control_sequences_and_unprintable_text_are_escaped(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_name_that_is_too_long_keeps_its_end() -> None:
    assert shortened("lab-client-12", 13) == "lab-client-12"
    assert shortened("lab-client-12", 8) == "…ient-12"
    assert shortened("教室-1", 5) == "…室-1"


@given(st.text(), st.integers(1, 40))
def test_a_character_takes_a_cell_or_two_and_a_text_is_cut_to_fit(text: str, cells: int) -> None:
    name = plain(text)
    assert name.isprintable()
    assert {cell_len(character) for character in name} <= {1, 2}
    assert cell_len(name) == sum(map(cell_len, name))
    length = cell_len(shortened(name, cells))
    assert length == cell_len(name) if cell_len(name) <= cells else cells - 1 <= length <= cells


def test_a_line_has_each_text_in_its_place_and_style_and_cuts_the_excess() -> None:
    line = Line(10)
    line.write(2, "教1", "red")
    line.write(7, "four", "blue")
    assert line.text().plain == "  教1  fou"
    line.write(9, "教")  # its second half would not fit
    assert line.text().plain == "  教1  fou"
    spans = [(span.start, span.end, span.style) for span in line.text().spans]
    assert spans == [(2, 4, "red"), (6, 9, "blue")]  # in characters, not cells
    free = [line.is_free(*place) for place in [(0, 1), (0, 2), (5, 1), (5, 2)]]
    assert free == [True, False, True, False]  # a blank is kept before the next text
