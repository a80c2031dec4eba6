"""The checks in order: which passed, which failed, and during which the server ended."""

import time

import pytest

from lanes.check.claim import Check, Try
from lanes.check.conversations import again, answers
from lanes.check.failure import Failed, Unseen, said_of
from lanes.check.scorecard import ENDED, OFFERED, STUCK, TURNS_AWAY, Scorecard, score
from lanes.check.subject import Subject
from lanes.check.symptoms import ENDED as CLOSED
from lanes.check.symptoms import SHARED
from tests.kit.fake_server import CHUNK, UNTIL_GONE, Action
from tests.kit.waiting import SECONDS, wait_until
from tests.unit.lanes_check.subjects import subject

ANSWERED: list[Action] = [CHUNK, b"Today", UNTIL_GONE]
SILENT: list[Action] = [UNTIL_GONE]
SHORT = 0.05  # seconds to wait for what never comes


def passes(_found: Subject) -> str:
    return "it was seen"


def fails(_found: Subject) -> str:
    raise Failed("it was not seen")


def connects(found: Subject) -> str:
    found.connect().leave()
    return "it was there"


def outlives(found: Subject) -> str:
    found.connect().leave()
    wait_until(found.is_gone)  # the fake server closes its port once its client has left
    return "it was there"


def ends_it_and_fails(found: Subject) -> str:
    outlives(found)
    return fails(found)


def check(run: Try) -> Check:
    return Check(run.__name__, "The claim.", "the usual cause", run)


def test_a_passed_check_has_evidence_alone_and_a_failed_one_also_a_hint() -> None:
    progress: list[str] = []
    with subject([ANSWERED] * 2) as found:
        passed, failed = score(found, [check(passes), check(fails)], progress.append)
    assert (passed.verdict, passed.evidence, passed.hint) == ("passed", "it was seen", None)
    assert (failed.verdict, failed.evidence) == ("failed", "it was not seen")
    assert (failed.name, failed.claim, failed.hint) == ("fails", "The claim.", "the usual cause")
    assert passed.seconds >= 0
    assert progress == ["1 of 2  passes: The claim.", "2 of 2  fails: The claim."]


def test_a_failure_may_know_its_cause_and_an_unseen_fact_is_not_tried() -> None:
    def knows(_found: Subject) -> str:
        with said_of("client 2"):
            raise Failed("it was not seen", "its own cause")

    def sees_nothing(_found: Subject) -> str:
        raise Unseen("there are no rights")

    with subject([ANSWERED] * 2) as found:
        failed, unknown = results = [*score(found, [check(knows), check(sees_nothing)], print)]
    assert (failed.evidence, failed.hint) == ("client 2: it was not seen", "its own cause")
    assert (unknown.verdict, unknown.evidence) == ("not tried", "there are no rights")
    assert unknown.hint is None
    assert [Scorecard("a:1", "handout", [one], of=1).failed for one in results] == [True, False]


def test_data_shared_by_threads_may_cause_later_failures_too() -> None:
    def shares(_found: Subject) -> str:
        raise Failed("client 1 was not answered", SHARED)

    with subject([ANSWERED] * 3) as found:
        results = score(found, [check(run) for run in (fails, shares, fails)], print)
        before, shared, after = (result.hint for result in results)
    assert (before, shared) == ("the usual cause", SHARED)
    assert after == "perhaps the same as for `shares`: look there first; or the usual cause"


def test_a_conversation_without_a_loop_may_cause_later_failures_too() -> None:
    once: list[Action] = [CHUNK, b"Today"]
    with subject([once, ANSWERED, ANSWERED]) as found:
        _, after = score(found, [again, check(fails)], print)
    assert after.hint == "perhaps the same as for `again`: look there first; or the usual cause"


def test_a_check_that_runs_out_of_time_is_not_tried_and_not_failed() -> None:
    with subject([[UNTIL_GONE]] * 3) as found:
        found.connect().leave()
        found.patience.deadline = time.monotonic()
        [result] = score(found, [check(connects)], print)
    assert (result.verdict, result.hint, result.after) == ("not tried", None, None)
    ran_out = f"the {found.seconds:g} s for all checks ran out: try --only connects"
    ran_out += ", or a longer --timeout"
    assert result.evidence == ran_out


def test_the_check_that_ends_a_server_fails_and_those_after_it_are_not_tried() -> None:
    with subject([[UNTIL_GONE]]) as found:
        ended, after = score(found, [check(outlives), check(connects)], print)
    assert (ended.verdict, ended.evidence) == ("failed", "it was there; then the server was gone")
    assert ended.hint == ENDED
    assert (after.verdict, after.hint, after.after) == ("not tried", None, "outlives")
    assert after.evidence == "the server ended after `outlives`: look there first"


def test_a_failed_checks_hint_is_that_the_server_ended_during_it() -> None:
    with subject([[UNTIL_GONE]]) as found:
        [ended] = score(found, [check(ends_it_and_fails)], print)
    assert ended.hint == f"{ENDED}. Perhaps: {check(fails).hint}"


def test_a_check_that_leaves_a_listening_server_silent_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lanes.check.survival.RECOVERS", SHORT)
    with subject([ANSWERED, *[SILENT] * 3]) as found:
        found.patience.timeout = SHORT
        checks = [check(run) for run in (passes, connects, fails)]
        first, stuck, after = score(found, checks, print)
    assert (first.verdict, stuck.verdict, after.verdict) == ("passed", "failed", "not tried")
    assert stuck.evidence == "it was there; then a new client: no answer within 0.05 s"
    assert stuck.hint == STUCK
    assert after.evidence == "the server answered no new client after `connects`: look there first"


def test_a_server_that_hangs_up_on_every_new_client_is_not_called_stuck(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lanes.check.survival.FREES", 0.0)
    monkeypatch.setattr("lanes.check.survival.ENDS", 0.0)
    with subject([[CHUNK]] * 9) as found:
        first, after = score(found, [check(passes), check(passes)], print)
    assert first.evidence.endswith("; then a new client: the server hung up instead of answering")
    assert first.hint == TURNS_AWAY
    assert after.verdict == "not tried"


def test_a_failed_checks_hint_is_that_the_server_is_stuck_if_it_answered_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lanes.check.survival.RECOVERS", SHORT)
    for answers_within, start in ((SHORT, f"{STUCK}. Perhaps: "), (0.0, "")):
        with subject([SILENT] * 2) as found:
            found.patience.timeout, found.usual = SHORT, answers_within
            [stuck] = score(found, [check(fails)], print)
        assert stuck.hint == start + check(fails).hint


def test_the_evidence_says_how_a_server_ended_and_what_ran_before() -> None:
    with subject([ANSWERED, [UNTIL_GONE]]) as found:
        found.ending = lambda: "exit code 1"
        _, ended = score(found, [check(passes), check(outlives)], print)
    start, _, before = ended.evidence.partition("; `passes` had ended ")
    assert start == "it was there; then the server was gone (exit code 1)"
    assert before.endswith("s before")


def test_a_new_client_that_gets_too_much_text_counts_as_served() -> None:
    with subject([[CHUNK, b"x" * 1_200_000, UNTIL_GONE]]) as found:
        found.quiet = SECONDS  # so that answers are read to the end
        [result] = score(found, [check(passes)], print)
    assert result.verdict == "passed"


def test_new_clients_ask_a_slow_server_only_after_failed_checks() -> None:
    with subject([[UNTIL_GONE], [UNTIL_GONE], ANSWERED]) as found:  # the second only connects
        found.usual = 60.0
        found.connect().leave()
        passed, failed = score(found, [check(passes), check(fails)], print)
    assert (passed.evidence, failed.evidence) == ("it was seen", "it was not seen")


def test_a_server_that_hangs_up_on_a_message_gets_that_as_the_hint() -> None:
    with subject([[CHUNK], [CHUNK]]) as found:
        first, second = score(found, [answers, check(fails)], print)
    assert first.evidence == "the server hung up instead of answering; then the server was gone"
    assert first.hint == CLOSED
    assert second.evidence == "the server ended after `answers`: look there first"


def test_control_sequences_of_a_server_are_escaped() -> None:
    with subject([[b"-ERR busy: \x1b[31m\x07\r\n", UNTIL_GONE]] * 3, protocol="lines") as found:
        [result] = score(found, [OFFERED["lines"][0]], print)
    said = "the greeting: the server said -ERR busy: \ufffd[31m\ufffd"
    assert result.evidence == f"{said}; then a new client: {said}"
