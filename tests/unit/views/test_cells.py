"""A line of a terminal, cell by cell, and what may stand in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from server.views.cells import Line, plain, shortened


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("lab-client-1 [fd00::1]:2022", "lab-client-1 [fd00::1]:2022"),
        ("\x1b[2J\r\n", "\\x1b[2J\\r\\n"),
        ("\u202e\udc80", "\\u202e\\udc80"),  # turns the line round; half a character
        ("a\u0301", "a\\u0301"),  # would join what stands before it
        ("教室", "教室"),
    ],
)
def test_what_a_terminal_would_obey_or_could_not_show_is_escaped(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text())
def test_every_character_of_plain_text_takes_a_cell_or_two(text: str) -> None:
    shown = plain(text)
    assert shown.isprintable()
    assert {cell_len(character) for character in shown} <= {1, 2}
    assert cell_len(shown) == sum(map(cell_len, shown))


def test_a_name_that_is_too_long_keeps_its_end() -> None:
    assert shortened("lab-client-12", 13) == "lab-client-12"
    assert shortened("lab-client-12", 8) == "…ient-12"
    assert shortened("教室-1", 5) == "…室-1"


@given(st.text(), st.integers(1, 40))
def test_a_shortened_name_is_as_long_as_it_may_be_or_a_cell_less(text: str, cells: int) -> None:
    name = plain(text)
    length = cell_len(shortened(name, cells))
    assert length == cell_len(name) if cell_len(name) <= cells else cells - 1 <= length <= cells


def test_what_is_written_stands_in_its_column_and_what_is_too_much_is_left_out() -> None:
    line = Line(10)
    line.write(2, "教1")
    line.write(7, "four")
    assert line.text().plain == "  教1  fou"
    line.write(9, "教")  # its second half would be outside
    assert line.text().plain == "  教1  fou"


def test_a_text_keeps_a_blank_from_what_follows_it() -> None:
    line = Line(10)
    line.write(6, "x")
    assert line.is_free(0, 5)
    assert not line.is_free(0, 6)
    assert not line.is_free(6, 1)
    assert line.is_free(7, 3)
    assert not line.is_free(7, 4)  # there the line ends


def test_a_run_is_found_between_two_columns() -> None:
    line = Line(10)
    line.write(0, "━━┿━━━┿━")
    assert line.find("━━", 0, 10) == 0
    assert line.find("━━", 1, 10) == 3
    assert line.find("━━━", 0, 10) == 3
    assert line.find("━━━", 4, 10) is None


def test_what_is_written_has_its_style_and_nothing_else_has() -> None:
    line = Line(6)
    line.write(1, "ab", "red")
    line.write(3, "c", "blue")
    spans = [(span.start, span.end, span.style) for span in line.text().spans]
    assert spans == [(1, 3, "red"), (3, 4, "blue")]
