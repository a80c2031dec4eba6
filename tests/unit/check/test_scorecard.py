"""The checks one after the other: what passed, what failed, and in which the server ended."""

from collections.abc import Sequence

import pytest

from client.check.claim import Check
from client.check.conversations import answers
from client.check.failure import Failed
from client.check.scorecard import OF_ANY, OF_LINES, OFFERED, Result, Scorecard, Verdict, score
from client.check.subject import Subject
from tests.kit.fake_server import CHUNK, UNTIL_GONE
from tests.kit.waiting import wait_until
from tests.unit.check.subjects import end_time, subject, unseen


def passes(_found: Subject) -> str:
    return "it was seen"


def fails(_found: Subject) -> str:
    raise Failed("it was not seen")


def connects(found: Subject) -> str:
    found.connect().leave()
    return "it was there"


def outlives(found: Subject) -> str:
    found.connect().leave()
    wait_until(found.is_gone)  # the fake server closes its port when it has seen that
    return "it was there"


def check(name: str) -> Check:
    runs = {"passes": passes, "fails": fails, "connects": connects, "outlives": outlives}
    return Check(name, "The claim.", "the usual cause", runs[name])


def scored(found: Subject, *checks: Check) -> Sequence[Result]:
    return list(score(found, checks, unseen))


def test_one_that_passes_has_evidence_and_no_hint_and_one_that_fails_has_both() -> None:
    with subject([[UNTIL_GONE]] * 4) as found:
        passed, failed = scored(found, check("passes"), check("fails"))
    assert (passed.verdict, passed.evidence, passed.hint) == ("passed", "it was seen", None)
    assert (failed.verdict, failed.evidence) == ("failed", "it was not seen")
    assert (failed.name, failed.claim, failed.hint) == ("fails", "The claim.", "the usual cause")
    assert passed.seconds >= 0


def test_what_there_was_no_time_for_is_not_tried_and_nobodys_failure() -> None:
    with subject([[UNTIL_GONE]] * 3) as found:
        found.connect().leave()
        end_time(found)
        [result] = scored(found, check("connects"))
    assert (result.verdict, result.hint) == ("not tried", None)
    assert result.evidence == "the 55 s for all checks were over: try --only connects"


def test_the_check_after_which_a_server_was_gone_says_so_and_later_ones_refer_to_it() -> None:
    with subject([[UNTIL_GONE]]) as found:
        ended, after = scored(found, check("outlives"), check("connects"))
    assert (ended.verdict, ended.evidence) == ("passed", "it was there; then the server was gone")
    assert (after.verdict, after.evidence) == ("failed", "the connection was refused")
    assert after.hint == "the server ended in `outlives`: see there, and what it printed"


def test_where_no_message_is_answered_the_other_hints_refer_to_that() -> None:
    with subject([[CHUNK], [UNTIL_GONE], [UNTIL_GONE]]) as found:
        first, second = scored(found, answers, check("fails"))
    assert first.evidence == "the server hung up instead of answering"
    assert first.hint == answers.hint
    assert second.hint == "the same as for `answers`: see there first"


def test_progress_tells_which_of_how_many_is_tried() -> None:
    told: list[str] = []
    with subject([[UNTIL_GONE]] * 2) as found:
        list(score(found, [check("passes")], told.append))
    assert told == ["1 of 1  passes: The claim."]


def test_nothing_obeys_what_a_server_said() -> None:
    with subject([[b"-ERR busy: \x1b[31m\x07\r\n", UNTIL_GONE]] * 3, protocol="lines") as found:
        [result] = scored(found, OFFERED["lines"][0])
    assert result.evidence == "the greeting: the server said -ERR busy: \ufffd[31m\ufffd"


def test_a_scorecard_counts_what_passed() -> None:
    verdicts: list[Verdict] = ["passed", "failed", "not tried"]
    results = [Result("a", "A.", verdict, "seen", None, 0.1) for verdict in verdicts]
    card = Scorecard("127.0.0.1:2022", "handout", results, of=3)
    assert (card.passed, card.all_passed) == (1, False)
    assert Scorecard("127.0.0.1:2022", "handout", results[:1], of=1).all_passed
    assert not Scorecard("127.0.0.1:2022", "handout", results[:1], of=2).all_passed


def test_lines_has_every_check_of_handout_and_its_own() -> None:
    assert (*OFFERED["handout"], *OF_LINES) == OFFERED["lines"]
    assert OFFERED["handout"] == OF_ANY
    names = [one.name for one in OFFERED["lines"]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("one", OFFERED["lines"], ids=lambda one: one.name)
def test_a_claim_is_a_sentence_and_a_hint_is_told_after_mostly(one: Check) -> None:
    assert one.claim[0].isupper()
    assert one.claim.endswith(".")
    assert not one.hint.endswith(".")
    assert one.run.__doc__
