"""The checks one after the other: what passed, what failed, and in which the server ended."""

import time

from lanes.check.claim import Check, Try
from lanes.check.conversations import answers
from lanes.check.failure import Failed, Unseen, said_of
from lanes.check.scorecard import OFFERED, Scorecard, score
from lanes.check.subject import Subject
from tests.kit.fake_server import CHUNK, UNTIL_GONE
from tests.kit.waiting import wait_until
from tests.unit.lanes_check.subjects import subject


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


def check(run: Try) -> Check:
    return Check(run.__name__, "The claim.", "the usual cause", run)


def test_one_that_passes_has_evidence_and_no_hint_and_one_that_fails_has_both() -> None:
    progress: list[str] = []
    with subject([[UNTIL_GONE]] * 4) as found:
        passed, failed = score(found, [check(passes), check(fails)], progress.append)
    assert (passed.verdict, passed.evidence, passed.hint) == ("passed", "it was seen", None)
    assert (failed.verdict, failed.evidence) == ("failed", "it was not seen")
    assert (failed.name, failed.claim, failed.hint) == ("fails", "The claim.", "the usual cause")
    assert passed.seconds >= 0
    assert progress == ["1 of 2  passes: The claim.", "2 of 2  fails: The claim."]


def test_a_failure_may_know_its_cause_and_what_cannot_be_seen_is_not_tried() -> None:
    def knows(_found: Subject) -> str:
        with said_of("client 2"):
            raise Failed("it was not seen", "its own cause")

    def sees_nothing(_found: Subject) -> str:
        raise Unseen("there are no rights")

    with subject([[UNTIL_GONE]] * 4) as found:
        failed, unknown = results = [*score(found, [check(knows), check(sees_nothing)], print)]
    assert (failed.evidence, failed.hint) == ("client 2: it was not seen", "its own cause")
    assert (unknown.verdict, unknown.evidence) == ("not tried", "there are no rights")
    assert unknown.hint is None
    assert [Scorecard("a:1", "handout", [one], of=1).failed for one in results] == [True, False]


def test_what_there_was_no_time_for_is_not_tried_and_nobodys_failure() -> None:
    with subject([[UNTIL_GONE]] * 3) as found:
        found.connect().leave()
        found.patience.deadline = time.monotonic()
        [result] = score(found, [check(connects)], print)
    assert (result.verdict, result.hint) == ("not tried", None)
    assert result.evidence == "the 55 s for all checks ran out: try --only connects"


def test_the_check_after_which_a_server_was_gone_says_so_and_later_ones_refer_to_it() -> None:
    with subject([[UNTIL_GONE]]) as found:
        ended, after = score(found, [check(outlives), check(connects)], print)
    assert (ended.verdict, ended.evidence) == ("passed", "it was there; then the server was gone")
    assert (after.verdict, after.evidence) == ("failed", "the connection was refused")
    assert after.hint == "the server ended in `outlives`: look there, and at what it printed"


def test_where_no_message_is_answered_the_other_hints_refer_to_that() -> None:
    with subject([[CHUNK], [UNTIL_GONE], [UNTIL_GONE]]) as found:
        first, second = score(found, [answers, check(fails)], print)
    assert first.evidence == "the server hung up instead of answering"
    assert first.hint == answers.hint
    assert second.hint == "the same as for `answers`: look there first"


def test_nothing_obeys_what_a_server_said() -> None:
    with subject([[b"-ERR busy: \x1b[31m\x07\r\n", UNTIL_GONE]] * 3, protocol="lines") as found:
        [result] = score(found, [OFFERED["lines"][0]], print)
    assert result.evidence == "the greeting: the server said -ERR busy: \ufffd[31m\ufffd"
