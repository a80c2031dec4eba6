"""A scorecard as text for people, as JSON, or as JUnit XML, for a CI or an autograder."""

import json
import shutil
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import asdict

import click

from lanes.check.scorecard import Result, Scorecard

WIDTH = 100  # characters in a line at most, unless one word is longer
LEAST = 40  # even if the terminal is narrower
MARKS = {
    "passed": click.style("passed   ", "green"),
    "failed": click.style("FAILED   ", "red"),
    "not tried": click.style("not tried", "yellow"),
}


def as_text(card: Scorecard) -> str:
    """Return a line for each check; for each failure also its claim and hint."""
    columns = shutil.get_terminal_size((WIDTH, 0)).columns  # WIDTH if this is not a terminal
    width = max(LEAST, min(columns, WIDTH))
    widest = max((len(result.name) for result in card.results), default=0)
    lines = [line for result in card.results for line in _as_lines(result, widest, width)]
    end = "" if len(card.results) == card.of else ", then interrupted"
    return "\n".join([*lines, "", f"{card.server}: {card.passed} of {card.of} passed{end}"])


def _as_lines(result: Result, widest: int, width: int) -> list[str]:
    margin = " " * (widest + 13)
    texts = [result.evidence]
    if result.hint is not None:
        texts += [f"claim: {result.claim}", f"likely cause: {_sentence(result.hint)}"]
    first, *others = [
        line
        for text in texts
        for told in text.splitlines()  # the output of a program has several
        for line in textwrap.wrap(told, width - len(margin), break_long_words=False)
    ]
    mark = MARKS[result.verdict]
    return [f"{mark}  {result.name:<{widest}}  {first}", *(margin + line for line in others)]


def _sentence(text: str) -> str:
    return text if text.endswith(("?", "!", ".")) else f"{text}."


def as_json(card: Scorecard) -> str:
    """Return the card as one JSON object."""
    checks = [asdict(result) | {"seconds": round(result.seconds, 3)} for result in card.results]
    head = {"server": card.server, "protocol": card.protocol}
    return json.dumps(head | {"passed": card.passed, "of": card.of, "checks": checks}, indent=2)


def read_json(text: str) -> Scorecard:
    """Read what `as_json` wrote; raises ValueError, LookupError or TypeError."""
    told = json.loads(text)
    results = [Result(**check) for check in told["checks"]]
    return Scorecard(told["server"], told["protocol"], results, of=told["of"])


def as_junit(card: Scorecard) -> str:
    """Return a test suite with a test case for each check, in the same shape as pytest's report.

    It is ASCII, so that any output can take it.
    """
    suites = ET.Element("testsuites", name="lanes check")
    verdicts = [result.verdict for result in card.results]
    suite = ET.SubElement(
        suites,
        "testsuite",
        name=f"lanes check {card.server}",
        errors="0",
        failures=str(verdicts.count("failed")),
        skipped=str(verdicts.count("not tried")),
        tests=str(len(verdicts)),
        time=f"{sum(result.seconds for result in card.results):.3f}",
    )
    for result in card.results:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=f"check.{card.protocol}",
            name=f"{result.name}: {result.claim}",
            time=f"{result.seconds:.3f}",
        )
        if result.verdict == "passed":
            ET.SubElement(case, "system-out").text = result.evidence
        elif result.verdict == "failed":
            message, *printed = result.evidence.splitlines() or [""]
            failure = ET.SubElement(case, "failure", message=message)
            failure.text = "\n".join([*printed, f"Likely cause: {_sentence(result.hint or '')}"])
        else:
            ET.SubElement(case, "skipped", type="lanes.not-tried", message=result.evidence)
    ET.indent(suites)
    encoded: bytes = ET.tostring(suites, encoding="us-ascii", xml_declaration=True)
    return encoded.decode("ascii")


FORMATS: Mapping[str, Callable[[Scorecard], str]] = {
    "text": as_text,
    "json": as_json,
    "junit": as_junit,
}
