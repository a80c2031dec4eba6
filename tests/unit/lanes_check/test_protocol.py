"""The dialects match the client's, though neither package imports the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import client.protocol
import lanes.check.protocol

Dialect = client.protocol.Dialect | lanes.check.protocol.Dialect
PIECES = [
    *(b"+OK T-1: one\r\n", b"-ERR busy: later\n", b"+OK T-1: Gr\xc3", b"\xbc\xc3\x9fe", b"\n"),
    *(b"", b"+OK", b"\xff\r\n", b"220 smtp.example\r\n", b"x" * client.protocol.LINE_LIMIT),
]


def read(dialect: Dialect, pieces: list[bytes]) -> str:
    """Return everything that the dialect reads from these bytes."""
    answers: list[object] = []
    try:
        for piece in filter(None, pieces):
            dialect.feed(piece)
            while (answer := dialect.take()) is not None:
                answers.append(answer)
    except (client.protocol.ProtocolError, lanes.check.protocol.ProtocolError) as error:
        answers.append(f"no answer: {error}")
    return repr(answers)


@given(st.lists(st.sampled_from(PIECES)))
@pytest.mark.parametrize("name", client.protocol.DIALECTS)
def test_both_packages_read_the_same_answers_and_send_the_same_bytes(
    name: str, pieces: list[bytes]
) -> None:
    ours, theirs = lanes.check.protocol.DIALECTS[name](), client.protocol.DIALECTS[name]()
    assert read(ours, pieces) == read(theirs, pieces)
    assert ours.encode("Grüße") == theirs.encode("Grüße")
    assert ours.framed == theirs.framed
