"""Several servers: what they are called, in which order they stand, whose clock is right."""

import pytest

from server.status import Answer
from server.views.replicas import clock, correction, in_order, labels


def answer(place: int = 1, ahead: float = 0.0, within: float = 0.0) -> Answer:
    return Answer(f"10.0.0.{place}", b"", ahead, within)


def test_each_goes_by_its_name_and_by_its_address_where_that_would_not_do() -> None:
    names = ["server-1", "server-2", "server-2", ""]
    assert labels([answer(place) for place in range(4)], names) == [
        "server-1",
        "server-2@10.0.0.1",
        "server-2@10.0.0.2",
        "10.0.0.3",
    ]


def test_numbers_in_a_name_count() -> None:
    found = ["server-10", "server-9", "10.0.0.10", "10.0.0.9", "server-9@10.0.0.2"]
    assert sorted(found, key=in_order) == [
        "10.0.0.9",
        "10.0.0.10",
        "server-9",
        "server-9@10.0.0.2",
        "server-10",
    ]


@pytest.mark.parametrize(
    ("ahead", "within", "seconds"), [(2.0, 0.1, -2.0), (-2.0, 0.1, 2.0), (0.1, 0.2, 0.0)]
)
def test_a_clock_is_corrected_where_it_is_off_by_more_than_the_answer_took(
    ahead: float, within: float, seconds: float
) -> None:
    assert correction(answer(ahead=ahead, within=within)) == seconds


def test_a_clock_is_told_with_how_sure_that_is() -> None:
    told = clock(answer(ahead=-0.25, within=0.003))
    assert told == "clock -0.250 s from here (\N{PLUS-MINUS SIGN}0.003)"
