"""A scorecard as text for people, as JSON, or as JUnit's XML, which a CI or an autograder shows."""

import json
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import asdict

import click

from client.check.scorecard import Result, Scorecard

WIDTH = 100  # characters of a line, where a word does not make it longer


def as_text(card: Scorecard) -> str:
    """A line for each check, and for each that failed what was claimed and its hint."""
    widest = max(len(result.name) for result in card.results)
    lines = [line for result in card.results for line in _as_lines(result, widest)]
    total = f"{card.server}: {card.passed} of {len(card.results)} passed"
    return "\n".join([*lines, "", total])


def _as_lines(result: Result, widest: int) -> list[str]:
    mark = click.style("passed", "green") if result.passed else click.style("FAILED", "red")
    margin = " " * (widest + 10)
    told = [result.evidence]
    if result.hint is not None:
        told += [f"claimed: {result.claim}", f"mostly: {result.hint}."]
    first, *others = [
        line
        for text in told
        for line in textwrap.wrap(text, WIDTH - len(margin), break_long_words=False)
    ]
    return [f"{mark}  {result.name:<{widest}}  {first}", *(margin + line for line in others)]


def as_json(card: Scorecard) -> str:
    """One object."""
    checks = [asdict(result) | {"seconds": round(result.seconds, 3)} for result in card.results]
    told = {"server": card.server, "protocol": card.protocol}
    return json.dumps(told | {"passed": card.passed, "of": len(checks), "checks": checks}, indent=2)


def as_junit(card: Scorecard) -> str:
    """A test suite, with a test case for each check."""
    suite = ET.Element(
        "testsuite",
        name=f"client check {card.server}",
        tests=str(len(card.results)),
        failures=str(len(card.results) - card.passed),
        errors="0",
        skipped="0",
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
        if result.hint is None:
            ET.SubElement(case, "system-out").text = result.evidence
        else:
            failure = ET.SubElement(case, "failure", message=result.evidence)
            failure.text = f"Mostly: {result.hint}."
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


FORMATS: Mapping[str, Callable[[Scorecard], str]] = {
    "text": as_text,
    "json": as_json,
    "junit": as_junit,
}
