"""A scorecard for people, for programs and for a CI."""

import json
import xml.etree.ElementTree as ET

import click
import pytest

from client.check.report import FORMATS, WIDTH
from client.check.scorecard import Result, Scorecard

GOOD = Result("answers", "A message is answered.", "passed", "'Today' after 1 ms", None, 0.0514)
BAD = Result(
    "concurrent",
    "All are served at the same time.",
    "failed",
    "client 2 of 10: no answer within 3 s",
    "a lock that is held over the conversation",
    3.1,
)
LATE = Result("churn", "Nothing grows.", "not tried", "the 55 s were over", None, 0.0)
CARD = Scorecard("127.0.0.1:2022", "handout", [GOOD, BAD, LATE], of=3)


def test_for_people_a_failure_says_what_was_claimed_and_what_mostly_is_the_cause() -> None:
    assert click.unstyle(FORMATS["text"](CARD)).splitlines() == [
        "passed     answers     'Today' after 1 ms",
        "FAILED     concurrent  client 2 of 10: no answer within 3 s",
        "                       claimed: All are served at the same time.",
        "                       mostly: a lock that is held over the conversation.",
        "not tried  churn       the 55 s were over",
        "",
        "127.0.0.1:2022: 1 of 3 passed",
    ]


def test_for_people_a_card_that_was_stopped_says_so() -> None:
    shown = FORMATS["text"](Scorecard("a:1", "handout", [GOOD], of=10))
    assert shown.splitlines()[-1] == "a:1: 1 of 10 passed, and then it was stopped"


def test_for_people_a_narrow_terminal_has_shorter_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    shown = click.unstyle(FORMATS["text"](CARD))
    assert max(map(len, shown.splitlines())) <= 60


def test_for_people_long_evidence_is_wrapped() -> None:
    long = Result("long", "A.", "failed", "word " * 60, "hint " * 60, 0.1)
    shown = click.unstyle(FORMATS["text"](Scorecard("a:1", "handout", [long], of=1)))
    assert max(map(len, shown.splitlines())) <= WIDTH
    assert shown.count("word") == 60


def test_for_programs_it_is_one_object() -> None:
    told = json.loads(FORMATS["json"](CARD))
    assert told["server"] == "127.0.0.1:2022"
    assert (told["protocol"], told["passed"], told["of"]) == ("handout", 1, 3)
    good, bad, _ = told["checks"]
    assert good == {
        "name": "answers",
        "claim": "A message is answered.",
        "verdict": "passed",
        "evidence": "'Today' after 1 ms",
        "hint": None,
        "seconds": 0.051,
    }
    assert (bad["verdict"], bad["hint"]) == ("failed", BAD.hint)


def test_for_a_ci_it_is_a_suite_of_test_cases() -> None:
    suite = ET.fromstring(FORMATS["junit"](CARD))  # noqa: S314 - we wrote it
    assert suite.tag == "testsuite"
    counts = [suite.get(key) for key in ("tests", "failures", "errors", "skipped", "time")]
    assert counts == ["3", "1", "0", "1", "3.151"]
    good, bad, late = suite.findall("testcase")
    assert good.get("name") == "answers: A message is answered."
    assert good.get("classname") == "check.handout"
    assert good.findtext("system-out") == "'Today' after 1 ms"
    assert good.find("failure") is None
    failure = bad.find("failure")
    assert failure is not None
    assert failure.get("message") == BAD.evidence
    assert failure.text == f"Mostly: {BAD.hint}."
    skipped = late.find("skipped")
    assert skipped is not None
    assert skipped.get("message") == LATE.evidence


def test_for_a_ci_it_is_ascii_whatever_was_said() -> None:
    said = Result("unicode", "Ü.", "passed", "'Grüße, 你好'", None, 0.1)
    written = FORMATS["junit"](Scorecard("a:1", "handout", [said], of=1))
    assert written.isascii()
    assert ET.fromstring(written).findtext("testcase/system-out") == said.evidence  # noqa: S314
