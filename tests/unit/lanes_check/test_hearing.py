"""What clients hear: an answer in parts, or a chat in which all hear every answer."""

from unittest.mock import Mock, PropertyMock

import pytest

from lanes.check.caller import Caller
from lanes.check.failure import Endless, Failed
from lanes.check.hearing import Heard, enough, hear_out, heard_by_all
from lanes.check.protocol import Reply

ALONE = 0.2  # seconds


def hearing(*parts: tuple[float, str], due: float = 3.0) -> Mock:
    """A client that spoke at 0.0 s and hears each part at its time."""
    caller = Mock(spec=Caller, framed=False, quiet=0.5, due=due)
    caller.reply.side_effect = lambda **_: Reply(None, parts[0][1])
    caller.heard.side_effect = [text for _, text in parts]
    caller.hears.side_effect = [*[True] * len(parts), False]
    type(caller).waits = PropertyMock(side_effect=[at for at, _ in parts])
    caller.overdue.return_value = Failed("no answer within 3 s")
    return caller


def at(monkeypatch: pytest.MonkeyPatch, *times: float) -> None:
    """Make the clock return these times, one per call."""
    clock = Mock(monotonic=Mock(side_effect=times))
    monkeypatch.setattr("lanes.check.hearing.time", clock)


def test_text_before_a_pause_is_an_acknowledgement_and_text_after_it_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caller = hearing((0, "Wait."), (0, " To"), (0, "day"))
    caller.heard.side_effect = [" To", "day"]
    caller.hears.side_effect = [True, True, False]
    at(monkeypatch, 10.0, 10.4, 10.41)
    caller.due = 13.0
    *numbers, text, _ = hear_out(caller, 10.0)
    assert numbers == pytest.approx([0, 0.4, 5, 0.4])
    assert text == "Wait. Today"


def test_an_acknowledgement_that_once_came_together_with_its_answer_is_still_told_from_it() -> None:
    apart = Heard(0.0, 0.2, len("Wait."), 0.2, "Wait. Today")
    together = Heard(0.2, 0.2, 0, 0.0, "Wait. Today")
    assert enough([apart, together, apart]) == len("Wait.") + 1


def test_if_answers_differ_in_length_a_single_part_may_be_all_of_one() -> None:
    brief, long = Heard(0.2, 0.2, 0, 0.0, "Wait"), Heard(0.0, 0.2, 9, 0.2, "Wait, wait, wait")
    assert enough([brief, long, long]) == 1


def test_an_answer_in_one_piece_counts_from_its_first_byte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caller = hearing((0, "To"))
    caller.heard.side_effect = ["day"]
    at(monkeypatch, 10.2, 10.21)
    caller.due = 13.0
    *numbers, text, _ = hear_out(caller, 10.0)
    assert numbers == pytest.approx([0.2, 0.2, 0, 0])
    assert text == "Today"


def test_of_text_that_goes_on_until_the_time_is_up_only_the_first_part_is_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caller = hearing((0, "Today "), (0, "[10:00:01] "), (0, "[10:00:02] "))
    caller.heard.side_effect = ["[10:00:01] ", "[10:00:02] "]
    at(monkeypatch, 10.2, 11.0, 12.0)
    caller.due = 12.0
    *numbers, text, goes_on = hear_out(caller, 10.0)
    assert numbers == pytest.approx([0.2, 0.2, 0, 0])
    assert (text, goes_on) == ("Today [10:00:01] [10:00:02] ", True)


def test_an_endless_answer_is_a_failure_with_its_own_hint() -> None:
    caller = hearing((0, ""), due=float("inf"))
    caller.heard.side_effect = ["x" * 1_100_000]
    with pytest.raises(
        Endless, match=r"^a reply that does not end: 1,100,000 bytes so far$"
    ) as end:
        hear_out(caller, 0.0)
    assert end.value.hint.endswith("an endless loop")


def test_if_all_clients_hear_all_answers_they_are_counted_and_not_attributed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at(monkeypatch, *[0.0] * 4)
    caller = hearing((0.2, "1"), (0.4, "2"), (0.6, "34"))
    assert heard_by_all([caller] * 4, 1, ALONE) == ([0.2, 0.4, 0.6, 0.6], None)


def test_some_of_the_answers_that_all_hear_may_be_late(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, 0.0, 2.8, 3.1)
    caller = hearing((0.2, "one"), (2.9, "two"))
    seconds, late = heard_by_all([caller] * 4, 3, ALONE)
    assert (seconds, late and str(late.failure)) == ([0.2, 2.9], "no answer within 3 s")
