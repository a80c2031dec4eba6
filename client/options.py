"""What the command line takes. Each option is also an environment variable, for Compose."""

import math
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click

from client.address import Address
from client.check.report import FORMATS
from client.check.scorecard import OFFERED
from client.dialect import DIALECTS
from client.log import RENDERERS
from client.script import Step, parse

LAB_SCRIPT = Path(__file__).with_name("scripts") / "lab.txt"
MAX_TIMES = 1_000_000
MAX_SECONDS = 86_400
MAX_CLIENTS = 200  # of a check: it is no load test
MAX_TIMEOUT = 20
MAX_WAIT = 600
EVERY_CHECK = [check.name for check in OFFERED["lines"]]


def _read_server(_context: click.Context, _option: click.Parameter, text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _read_seconds(_context: click.Context, _option: click.Parameter, seconds: float) -> float:
    if math.isnan(seconds):  # click's ranges let it through
        raise click.BadParameter("nan is not a number of seconds.")
    return seconds


def _read_times(_context: click.Context, _option: click.Parameter, text: str) -> int | None:
    if text == "forever":
        return None
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_TIMES))
    if digits and 1 <= int(text) <= MAX_TIMES:
        return int(text)
    raise click.BadParameter(f"{text!r} is neither a number from 1 to {MAX_TIMES} nor 'forever'.")


def _read_script(_context: click.Context, _option: click.Parameter, file: BinaryIO) -> list[Step]:
    try:
        return parse(file.read())
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


_option = partial(click.option, show_default=True, show_envvar=True)

server = _option(
    "--server",
    metavar="HOST:PORT",
    callback=_read_server,
    default="127.0.0.1:2022",
    envvar="LANES_SERVER",
    help="Where the server is; IPv6 as [::1]:2022.",
)
protocol = _option(
    "--protocol",
    type=click.Choice(list(DIALECTS)),
    default="lines",
    envvar="LANES_PROTOCOL",
    help="The dialect that the server speaks.",
)
greeting_timeout = _option(
    "--greeting-timeout",
    type=click.FloatRange(min=0, min_open=True, max=MAX_SECONDS),
    callback=_read_seconds,
    default=300,
    envvar="LANES_GREETING_TIMEOUT",
    help="Seconds to wait, once connected, until a thread greets.",
)
log_format = _option(
    "--log-format",
    type=click.Choice(list(RENDERERS)),
    default="console",
    envvar="LANES_LOG_FORMAT",
    help="Lines for people, or one JSON object a line.",
)
script = _option(
    "--script",
    type=click.File("rb"),
    metavar="FILE|-",
    callback=_read_script,
    default=str(LAB_SCRIPT),
    show_default="client/scripts/lab.txt",
    envvar="LANES_SCRIPT",
    help="What to say: one message a line, #pause 0.5 pauses, any other # is a comment.",
)
repeat = _option(
    "--repeat",
    "times",
    metavar="N|forever",
    callback=_read_times,
    default="1",
    envvar="LANES_REPEAT",
    help="How often to play the script.",
)
checked = click.argument("server", metavar="HOST:PORT", callback=_read_server)
checked_protocol = _option(
    "--protocol",
    type=click.Choice(list(OFFERED)),
    default="handout",
    envvar="LANES_PROTOCOL",
    help="What the server speaks: `handout`, the original lab's, any bytes are a reply; "
    "or `lines`, this project's own.",
)
clients = _option(
    "--clients",
    type=click.IntRange(2, MAX_CLIENTS),
    default=10,
    show_envvar=False,
    help="How many are connected at the same time.",
)
timeout = _option(
    "--timeout",
    type=click.FloatRange(min=0.1, max=MAX_TIMEOUT),
    callback=_read_seconds,
    default=3,
    show_envvar=False,
    help="Seconds that the server may take for each answer.",
)
wait = _option(
    "--wait",
    type=click.FloatRange(min=0, max=MAX_WAIT),
    callback=_read_seconds,
    default=0,
    show_envvar=False,
    help="Seconds to go on trying until somebody is there.",
)
only = click.option(
    "--only",
    multiple=True,
    metavar="CHECK",
    type=click.Choice(EVERY_CHECK),
    help=f"Check this alone; may be given several times. There are {', '.join(EVERY_CHECK)}.",
)
report_format = _option(
    "--format",
    "report_format",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_envvar=False,
    help="For people, for programs, or for a CI.",
)
ask = _option(
    "--ask",
    is_flag=True,
    envvar="LANES_ASK",
    help="Ask for each message, instead of saying the lab's.",
)
