"""Reads or shows a scorecard, and turns it into an exit code."""

import io
import sys
from typing import NoReturn, TextIO

import click

from lanes.check.absent import is_absent
from lanes.check.report import FORMATS, read_json
from lanes.check.scorecard import Scorecard

# A shell reports 130 for a program that Ctrl-C ended.
PASSED, FAILED, NO_SERVER, NOT_TRIED, INTERRUPTED = 0, 1, 3, 4, 130


def read(written: TextIO) -> Scorecard:
    """Read a card written with `--format json`; raises UsageError."""
    try:
        return read_json(written.read())
    except (ValueError, LookupError, TypeError) as error:
        raise click.UsageError(f"--card: this is no card of `--format json`: {error!r}") from None


def show(card: Scorecard, report_format: str) -> NoReturn:
    """Print the card, and exit."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for characters that its encoding lacks
    click.echo(FORMATS[report_format](card))
    sys.exit(_code(card))


def _code(card: Scorecard) -> int:
    if is_absent(card):
        return NO_SERVER
    if len(card.results) < card.of:
        return INTERRUPTED
    if card.failed:
        return FAILED
    return PASSED if card.all_passed else NOT_TRIED
