"""A scorecard for people, for programs and for CI."""

import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import click
import pytest

from lanes.check.report import FORMATS, WIDTH
from lanes.check.scorecard import Result, Scorecard
from tests.kit.command import run

GOOD = Result("answers", "A message is answered.", "passed", "'Grüße' after 1 ms", None, 0.0514)
WHY = "client 2 of 10: no answer within 3 s"
BAD = Result("concurrent", "All at the same time.", "failed", WHY, "a lock", 3.1)
LATE = Result("churn", "Nothing grows.", "not tried", "the 55 s were over", None, 0.0)
CARD = Scorecard("a:1", "handout", [GOOD, BAD, LATE], of=4)


def test_the_text_report_has_each_failures_claim_and_likely_cause() -> None:
    assert click.unstyle(FORMATS["text"](CARD)).splitlines() == [
        "passed     answers     'Grüße' after 1 ms",
        "FAILED     concurrent  client 2 of 10: no answer within 3 s",
        "                       claim: All at the same time.",
        "                       likely cause: a lock.",
        "not tried  churn       the 55 s were over",
        "",
        "a:1: 1 of 4 passed, then interrupted",
    ]


def test_a_cause_that_ends_with_a_full_stop_gets_no_second_one() -> None:
    asks = Result("listens", "A.", "failed", "it ended", "did you mean `socket`?", 0.1)
    card = Scorecard("a:1", "handout", [asks], of=1)
    assert "likely cause: did you mean `socket`?\n" in click.unstyle(FORMATS["text"](card))
    assert "Likely cause: did you mean `socket`?<" in FORMATS["junit"](card)


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("1000", WIDTH)])
def test_the_text_report_wraps_its_lines(
    monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    long = Result("long", "A.", "failed", "word " * 60, "hint " * 60, 0.1)
    shown = click.unstyle(FORMATS["text"](Scorecard("a:1", "handout", [long], of=1)))
    assert max(map(len, shown.splitlines())) in range(width - len("word "), width + 1)
    assert shown.count("word") == 60


def test_the_json_report_is_one_object() -> None:
    told = json.loads(FORMATS["json"](CARD))
    good, bad, _ = told.pop("checks")
    assert told == {"server": "a:1", "protocol": "handout", "passed": 1, "of": 4}
    claimed = {"name": "answers", "claim": "A message is answered.", "verdict": "passed"}
    seen = {"evidence": "'Grüße' after 1 ms", "hint": None, "seconds": 0.051, "after": None}
    assert good == claimed | seen
    assert (bad["verdict"], bad["hint"]) == ("failed", BAD.hint)


def test_the_junit_report_is_a_suite_of_test_cases_in_ascii() -> None:
    assert (
        FORMATS["junit"](CARD)
        == """\
<?xml version='1.0' encoding='us-ascii'?>
<testsuites name="lanes check">
  <testsuite name="lanes check a:1" errors="0" failures="1" skipped="1" tests="3" time="3.151">
    <testcase classname="check.handout" name="answers: A message is answered." time="0.051">
      <system-out>'Gr&#252;&#223;e' after 1 ms</system-out>
    </testcase>
    <testcase classname="check.handout" name="concurrent: All at the same time." time="3.100">
      <failure message="client 2 of 10: no answer within 3 s">Likely cause: a lock.</failure>
    </testcase>
    <testcase classname="check.handout" name="churn: Nothing grows." time="0.000">
      <skipped type="lanes.not-tried" message="the 55 s were over" />
    </testcase>
  </testsuite>
</testsuites>"""
    )


OF_PYTEST = """
import pytest

def test_passes():
    print("Hey")

def test_fails():
    assert False

def test_is_left_out():
    pytest.skip("no time")
"""


def test_the_junit_report_has_the_form_of_pytests_and_right_counts(
    tmp_path: Path,
) -> None:
    (tmp_path / "test_it.py").write_text(OF_PYTEST)
    report = tmp_path / "report.xml"
    settings = ("-p", "no:cacheprovider", "-c", "/dev/null", "-o", "junit_logging=all")
    run(sys.executable, "-m", "pytest", *settings, f"--junit-xml={report}", str(tmp_path))

    def shape(element: ET.Element, path: str = "") -> set[str]:
        here = f"{path}/{element.tag}"
        attributes = {f"{here}@{name}" for name in element.keys()}  # noqa: SIM118 - not a dict
        return {here}.union(attributes, *(shape(child, here) for child in element))

    texts = report.read_text(encoding="utf-8"), FORMATS["junit"](CARD)
    theirs, ours = map(ET.fromstring, texts)
    assert shape(ours) <= shape(theirs)
    for suite in (theirs[0], ours[0]):
        counted = {of: len(suite.findall(f"testcase/{of}")) for of in ("failure", "skipped")}
        assert suite.get("failures") == str(counted["failure"]) == "1"
        assert suite.get("skipped") == str(counted["skipped"]) == "1"
        assert (suite.get("tests"), suite.get("errors")) == ("3", "0")
