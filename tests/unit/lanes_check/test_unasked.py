"""A server that speaks unasked: its repeated text is not an answer."""

import pytest

from lanes.check.unasked import ticks_of

CLOCK = [
    b"Welcome!\n",
    b"It is 9:59:59\n",
    b"It is 10:00:00\nIt is 10:00:01\n",
    b"It is 10:00:02\n",
]


@pytest.mark.parametrize(
    ("unasked", "heard", "answer"),
    [
        (CLOCK, b"It is 10:00:03\n", b""),
        (CLOCK, b"It is 10:00:03\nToday", b"Today"),
        (CLOCK, b"Today it is 10", b"Today it is 10"),
        ([b".", b".", b"."], b"..", b""),
    ],
)
def test_text_repeated_with_other_numbers_is_not_an_answer(
    unasked: list[bytes], heard: bytes, answer: bytes
) -> None:
    ticks = ticks_of(unasked)
    assert ticks
    assert ticks.sub(b"", heard) == answer


@pytest.mark.parametrize(
    "unasked", [[b"Welcome!"], [b"A joke", b"Another", b"A third one"], [*CLOCK, b"A joke"]]
)
def test_unasked_text_that_always_differs_has_no_pattern(unasked: list[bytes]) -> None:
    assert ticks_of(unasked) is None
