"""What happened to the messages of one run."""

from client.delivery import Outcome
from client.protocol import Reply
from client.tally import Tally
from tests.kit.fake_server import scene


def report(tally: Tally) -> list[dict[str, object]]:
    with scene([]) as s:
        tally.report(s.log, s.conversation)
        return [event for event in s.events if event.pop("time")]


def test_one_line_sums_up() -> None:
    tally = Tally()
    for thread in ("T-2", "T-1", "T-2", None):
        tally.answered(Reply(thread, "Today"))
    [summary] = report(tally)
    assert isinstance(summary.pop("seconds"), float)
    told = {"event": "summary", "level": "info", "messages": 4, "answered": 4}
    nothing = {"refused": 0, "unknown": 0, "not_sent": 0, "resent": 0, "connections": 0}
    assert summary == told | nothing | {"threads": ["T-2", "T-1"]}
    assert tally.all_answered


def test_the_first_ten_messages_that_were_not_answered_are_listed_with_the_reason() -> None:
    tally = Tally()
    tally.answered(Reply("T-1", "Today"))
    tally.unanswered("x" * 9000, Outcome.REFUSED, "too-long: why")
    tally.unanswered("Hey", Outcome.UNKNOWN, "gone")
    for _ in range(10):
        tally.unanswered("You", Outcome.NOT_SENT, "it was over")
    *listed, more, summary = report(tally)
    assert [tuple(line.values()) for line in listed] == [
        ("error", 2, "x" * 80, "refused", "too-long: why", "not answered"),
        ("error", 3, "Hey", "unknown", "gone", "not answered"),
        *(("error", n, "You", "not sent", "it was over", "not answered") for n in range(4, 12)),
    ]
    assert (more["event"], more["count"]) == ("and more", 2)
    assert [summary[outcome] for outcome in ("refused", "unknown", "not_sent")] == [1, 1, 10]
    assert not tally.all_answered
