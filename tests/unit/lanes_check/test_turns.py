"""Whether clients that speak at once are served at once, judged by how long they wait."""

from unittest.mock import Mock

import pytest

from lanes.check.caller import Caller
from lanes.check.failure import Failed, HungUp, Unseen
from lanes.check.hearing import Answers, Late
from lanes.check.rounds import Rounds
from lanes.check.symptoms import SHARED
from lanes.check.turns import FEW, ONE, TELLING, at_once, take_turns

ALONE = 0.4  # seconds
IN_TURN = [ALONE * number for number in range(1, 11)]
IN_PAIRS = [ALONE * number for number in (1, 1, 2, 2, 3, 3, 4, 4, 5, 5)]
AT_ONCE = [ALONE] * 10
UNEVEN = [ALONE * number for number in (1, 1, 1, 1, 1, 1, 2, 4, 6, 8)]  # as slow, but not in turns


@pytest.mark.parametrize(
    ("alone", "seconds", "turns"),
    [
        (ALONE, IN_TURN, True),
        (ALONE, AT_ONCE, False),
        (ALONE, IN_PAIRS, True),
        (ALONE, [ALONE * n for n in (0.1, 0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5, 1.7, 2)], False),
        (ALONE, [ALONE * n for n in (1, 1, 1, 1, 2, 2, 2, 2, 3, 3)], False),  # a pool of four
        (ALONE, [9.7 * ALONE, *[9.9 * ALONE] * 9], False),  # all threads compute on one processor
        (ALONE, [ALONE, *[9 * ALONE] * 9], False),  # the machine stalled for a while
        (ALONE, UNEVEN, False),  # it stalled several times
        (ALONE, [ALONE, 2 * ALONE], True),
        (ALONE, [ALONE, 1.4 * ALONE], False),
        (TELLING, [TELLING * n for n in range(1, 11)], True),
        (TELLING / 2, [TELLING * n / 2 for n in range(1, 11)], False),  # too quick to tell
        (
            TELLING / 2,
            [TELLING * n / 2 for n in range(1, 100)],
            True,
        ),  # unless there are many
        (TELLING / 5, [TELLING * n / 5 for n in range(1, 100)], False),
    ],
)
def test_clients_in_turns_wait_for_those_before_them(
    alone: float, seconds: list[float], *, turns: bool
) -> None:
    assert take_turns(alone, seconds) == turns


def tried(*answers: Answers, alone: float = ALONE, again: float = ALONE) -> str:
    """Return the evidence if clients that speak at once get these answers, round after round.

    A client that speaks alone waits `alone` seconds at first and `again` seconds after a round.
    """
    callers = [Mock(spec=Caller) for _ in range(10)]
    rounds = Mock(spec=Rounds, callers=callers)
    rounds.together.side_effect = answers
    rounds.alone_again.return_value = again
    return at_once(rounds, callers, alone)


def test_turns_must_be_seen_three_times_and_both_times_are_reported() -> None:
    both = "a single message was answered after 400.0 ms, 10 simultaneous messages within"
    assert tried(Answers(AT_ONCE, None)) == f"{both} 400.0 ms"
    assert tried(*[Answers(IN_TURN, None)] * 2, Answers(AT_ONCE, None)) == f"{both} 400.0 ms"
    with pytest.raises(Failed, match=f"^{both} 4.0 s$") as failed:
        tried(*[Answers(IN_TURN, None)] * 3)
    assert failed.value.hint == ONE
    with pytest.raises(Failed, match=f"^{both} 2.0 s$") as failed:
        tried(*[Answers(IN_PAIRS, None)] * 3)
    assert failed.value.hint == FEW.format(2)


def test_the_number_worked_on_at_a_time_is_right_if_a_client_alone_was_delayed() -> None:
    with pytest.raises(Failed) as failed:
        tried(*[Answers(IN_PAIRS, None)] * 3, alone=1.1 * ALONE, again=1.4 * ALONE)
    assert failed.value.hint == FEW.format(2)


def test_turns_are_tried_again_after_one_unlike_round_but_not_after_two() -> None:
    """If turns vary in length, some may be too short to notice."""
    turns, uneven = Answers(IN_TURN, None), Answers(UNEVEN, None)
    first_is_long = Answers([2.5 * ALONE, *[one + 2 * ALONE for one in IN_TURN[1:]]], None)
    for unlike in (uneven, first_is_long):
        with pytest.raises(Failed):
            tried(turns, unlike, turns, turns)
    assert tried(uneven, turns, turns, uneven)


@pytest.mark.parametrize(
    ("failure", "answered", "hint"),
    [
        (Failed("no answer within 3 s"), IN_TURN[:7], ONE),
        (Failed("no answer within 3 s"), [*[ALONE] * 4, *[2 * ALONE] * 3], FEW.format(4)),
        (Failed("no answer within 3 s"), [], ""),  # nothing shows whether they take turns
        (HungUp("the server hung up"), IN_TURN[:7], ""),
    ],
)
def test_turns_that_take_too_long_are_reported_with_the_number_answered(
    monkeypatch: pytest.MonkeyPatch, failure: Failed, answered: list[float], hint: str
) -> None:
    waited = answered[-1] if answered else 0.0
    clock = Mock(monotonic=Mock(side_effect=[0.0, waited]))
    monkeypatch.setattr("lanes.check.turns.time", clock)
    with pytest.raises(Failed) as failed:
        tried(Answers(answered, Late(Mock(spec=Caller, hears=lambda _: False), failure)))
    assert failed.value.hint == hint
    told = (
        "10 clients sent a message at the same time: 7 were answered, then one got no answer "
        "within 3 s; a client sending alone was answered after "
    )
    assert str(failed.value).startswith(told if hint else str(failure))


def test_a_timeout_too_short_for_any_answer_leaves_turns_unseen() -> None:
    caller = Mock(spec=Caller)
    late = Late(caller, Failed("no answer within 3 s"))
    with pytest.raises(Unseen, match=r"It was answered later: try a longer --timeout$"):
        tried(Answers([], late))
    caller.hears.assert_called_once()
    caller.hears.return_value = False
    with pytest.raises(Failed, match=r"^no answer within 3 s$"):
        tried(Answers([], late))


@pytest.mark.parametrize(
    ("answered", "waited", "hint"),
    [
        ([0.01] * 9, 3.0, SHARED),
        ([0.01] * 4, 3.0, ""),  # a pool of four
        ([0.3 * number for number in range(1, 10)], 3.0, ""),  # too little time for the tenth
    ],
)
def test_nine_quick_answers_and_one_missing_mean_a_shared_connection(
    monkeypatch: pytest.MonkeyPatch, answered: list[float], waited: float, hint: str
) -> None:
    clock = Mock(monotonic=Mock(side_effect=[0.0, waited]))
    monkeypatch.setattr("lanes.check.turns.time", clock)
    late = Late(Mock(spec=Caller, hears=lambda _: False), Failed("no answer within 3 s"))
    with pytest.raises(Failed, match=r"^no answer within 3 s$") as failed:
        tried(Answers(answered, late), alone=0.01)
    assert failed.value.hint == hint
