"""A scorecard for people, for programs and for a CI."""

import json
import xml.etree.ElementTree as ET

import click

from client.check.report import FORMATS, WIDTH
from client.check.scorecard import Result, Scorecard

GOOD = Result("answers", "A message is answered.", True, "'Today' after 1 ms", None, 0.0514)
BAD = Result(
    "concurrent",
    "All are served at the same time.",
    False,
    "client 2 of 10: no answer within 3 s",
    "a lock that is held over the conversation",
    3.1,
)
CARD = Scorecard("127.0.0.1:2022", "handout", [GOOD, BAD])


def test_for_people_a_failure_says_what_was_claimed_and_what_mostly_is_the_cause() -> None:
    assert click.unstyle(FORMATS["text"](CARD)).splitlines() == [
        "passed  answers     'Today' after 1 ms",
        "FAILED  concurrent  client 2 of 10: no answer within 3 s",
        "                    claimed: All are served at the same time.",
        "                    mostly: a lock that is held over the conversation.",
        "",
        "127.0.0.1:2022: 1 of 2 passed",
    ]


def test_for_people_long_evidence_is_wrapped() -> None:
    long = Result("long", "A.", False, "word " * 60, "hint " * 60, 0.1)
    shown = click.unstyle(FORMATS["text"](Scorecard("a:1", "handout", [long])))
    assert max(map(len, shown.splitlines())) <= WIDTH
    assert shown.count("word") == 60


def test_for_programs_it_is_one_object() -> None:
    told = json.loads(FORMATS["json"](CARD))
    assert told["server"] == "127.0.0.1:2022"
    assert (told["protocol"], told["passed"], told["of"]) == ("handout", 1, 2)
    good, bad = told["checks"]
    assert good == {
        "name": "answers",
        "claim": "A message is answered.",
        "passed": True,
        "evidence": "'Today' after 1 ms",
        "hint": None,
        "seconds": 0.051,
    }
    assert (bad["passed"], bad["hint"]) == (False, BAD.hint)


def test_for_a_ci_it_is_a_suite_of_test_cases() -> None:
    suite = ET.fromstring(FORMATS["junit"](CARD))  # noqa: S314 - we wrote it
    assert suite.tag == "testsuite"
    counts = [suite.get(key) for key in ("tests", "failures", "errors", "skipped", "time")]
    assert counts == ["2", "1", "0", "0", "3.151"]
    good, bad = suite.findall("testcase")
    assert good.get("name") == "answers: A message is answered."
    assert good.get("classname") == "check.handout"
    assert good.findtext("system-out") == "'Today' after 1 ms"
    assert good.find("failure") is None
    failure = bad.find("failure")
    assert failure is not None
    assert failure.get("message") == BAD.evidence
    assert failure.text == f"Mostly: {BAD.hint}."
