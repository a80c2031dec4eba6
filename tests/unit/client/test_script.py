"""A text file -> messages and pauses."""

import pytest

from client.options import LAB_SCRIPT
from client.script import Message, Pause, parse


def test_each_line_is_a_message_a_pause_or_nothing() -> None:
    mark = "\ufeff".encode()  # a byte order mark is not part of the first line
    content = mark + b"# hello\nHey\n\n  \n#pause 0.5\r\n there \r\n#pauses are not pauses\n#\n"
    assert parse(content) == [Message("Hey"), Pause(0.5), Message(" there ")]


def test_only_lf_ends_a_line_and_the_last_one_needs_none() -> None:
    strange = "a\u2028b\x0cc\x85d\re"
    assert parse(f"{strange}\ntwo".encode()) == [Message(strange), Message("two")]


@pytest.mark.parametrize(
    "pause",
    ["#pause", "#pause soon", "#pause -1", "#pause nan", "#pause inf", "#pause 1 2", "#pause 3601"],
)
def test_a_pause_that_is_not_a_time_is_an_error_with_its_line(pause: str) -> None:
    with pytest.raises(ValueError, match="line 2: #pause takes a number of seconds from 0 to 3600"):
        parse(f"Hey\n{pause}\n".encode())


def test_bytes_that_are_not_utf_8_are_an_error_with_their_line() -> None:
    with pytest.raises(ValueError, match=r"line 3 is not UTF-8 \(its byte 2\)"):
        parse(b"a\nb\nc\xff\n")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# nothing\n#pause 1\n"])
def test_a_script_without_a_message_is_an_error(content: bytes) -> None:
    with pytest.raises(ValueError, match="no message"):
        parse(content)


def test_the_labs_own_script_says_one_message_five_times_in_two_seconds() -> None:
    hey = Message("Hey Server!!! What will we do in today's lab????")
    assert parse(LAB_SCRIPT.read_bytes()) == [hey, *[Pause(0.5), hey] * 4]
