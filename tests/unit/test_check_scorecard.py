"""The checks one after the other: what passed, what failed, and in which the server ended."""

import pytest

from client.check.caller import Failed
from client.check.claim import Check
from client.check.scorecard import OF_ANY, OF_LINES, OFFERED, Result, Scorecard, score
from client.check.subject import Subject
from tests.unit.checked import subject
from tests.unit.fake_server import UNTIL_GONE
from tests.unit.running import wait_until


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


def test_one_that_passes_has_evidence_and_no_hint_and_one_that_fails_has_both() -> None:
    with subject([[UNTIL_GONE], [UNTIL_GONE]]) as found:
        passed, failed = score(found, [check("passes"), check("fails")])
    assert (passed.passed, passed.evidence, passed.hint) == (True, "it was seen", None)
    assert (failed.passed, failed.evidence) == (False, "it was not seen")
    assert (failed.name, failed.claim, failed.hint) == ("fails", "The claim.", "the usual cause")
    assert passed.seconds >= 0


def test_after_a_server_has_ended_the_hint_is_where_it_did() -> None:
    with subject([[UNTIL_GONE]]) as found:
        alive, ended, after = score(found, [check("outlives"), check("fails"), check("connects")])
    assert alive.passed
    assert ended.evidence == "it was not seen; then the server was gone"
    assert ended.hint == "the usual cause"
    assert after.evidence == "the connection was refused"
    assert after.hint == "the server ended during `fails`: see there, and what it printed"


def test_a_server_that_is_gone_when_a_check_begins_is_so_from_that_check_on() -> None:
    with subject([[UNTIL_GONE]]) as found:
        _, ended, after = score(found, [check("outlives"), check("connects"), check("connects")])
    assert ended.evidence == "the connection was refused; then the server was gone"
    assert after.hint == "the server ended during `connects`: see there, and what it printed"


def test_nothing_obeys_what_a_server_said() -> None:
    with subject([[b"-ERR busy: \x1b[31m\x07\r\n", UNTIL_GONE]] * 2, protocol="lines") as found:
        [result] = score(found, OFFERED["lines"][:1])
    assert result.evidence == "the greeting: the server said -ERR busy: \ufffd[31m\ufffd"


def test_a_scorecard_counts_what_passed() -> None:
    results = [Result("a", "A.", passed, "seen", None, 0.1) for passed in (True, False)]
    card = Scorecard("127.0.0.1:2022", "handout", results)
    assert (card.passed, card.all_passed) == (1, False)
    assert Scorecard("127.0.0.1:2022", "handout", results[:1]).all_passed


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
