"""The command line. Each option is also an environment variable, for Compose."""

import math
from collections.abc import Callable
from functools import partial, reduce, wraps
from pathlib import Path
from typing import Any, BinaryIO

import click

from client.address import Address
from client.conversation import Secure, plain
from client.log import RENDERERS
from client.protocol import DIALECTS
from client.script import Step, parse

LAB_SCRIPT = Path(__file__).with_name("scripts") / "lab.txt"
MAX_TIMES = 1_000_000


def _read_server(_context: click.Context, _option: click.Parameter, text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _read_seconds(_context: click.Context, _option: click.Parameter, seconds: float) -> float:
    if math.isnan(seconds):  # every comparison with it is false, so click's ranges let it through
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


Command = Callable[..., Any]
option = partial(click.option, show_default=True, show_envvar=True)

server = option(
    "--server",
    metavar="HOST:PORT",
    callback=_read_server,
    default="127.0.0.1:2022",
    envvar="LANES_SERVER",
    help="Where the server is; IPv6 as [::1]:2022.",
)
protocol = option(
    "--protocol",
    type=click.Choice(list(DIALECTS)),
    default="lines",
    envvar="LANES_PROTOCOL",
    help="The dialect that the server speaks.",
)
greeting_timeout = option(
    "--greeting-timeout",
    type=click.FloatRange(min=0, min_open=True, max=86_400),
    callback=_read_seconds,
    default=300,
    envvar="LANES_GREETING_TIMEOUT",
    help="Seconds to wait for a thread's greeting, once connected.",
)
log_format = option(
    "--log-format",
    type=click.Choice(list(RENDERERS)),
    default="console",
    envvar="LANES_LOG_FORMAT",
    help="Lines for people, or one JSON object per line.",
)
script = option(
    "--script",
    type=click.File("rb"),
    metavar="FILE|-",
    callback=_read_script,
    default=str(LAB_SCRIPT),
    show_default="client/scripts/lab.txt",
    envvar="LANES_SCRIPT",
    help="What to say: one message per line, #pause 0.5 pauses, any other # is a comment.",
)
repeat = option(
    "--repeat",
    "times",
    metavar="N|forever",
    callback=_read_times,
    default="1",
    envvar="LANES_REPEAT",
    help="How many times to play the script.",
)


def _unless_off(context: click.Context, _option: click.Parameter, path: Path | None) -> Path | None:
    """Return None with --no-tls, because Compose names its files either way."""
    return None if context.params["tls"] is False else path


pem = partial(option, type=click.Path(path_type=Path), callback=_unless_off, metavar="PEM")
_tls = [
    option(
        "--tls/--no-tls",
        default=None,
        is_eager=True,
        envvar="LANES_TLS",
        help="Use TLS (default: plaintext).",
    ),
    pem(
        "--tls-ca",
        envvar="LANES_TLS_CA",
        help="CA certificate to trust; default: the system's.",
    ),
    pem(
        "--tls-cert",
        envvar="LANES_TLS_CERT",
        help="A certificate that proves the client's name to the server.",
    ),
    pem("--tls-key", envvar="LANES_TLS_KEY", help="Its key."),
]


def tls(command: Command) -> Command:
    """Add the TLS options to a command, which gets them as one argument, `secure`."""

    @wraps(command)
    def with_tls(
        *args: Any,  # noqa: ANN401 - click's
        tls: bool | None,
        tls_ca: Path | None,
        tls_cert: Path | None,
        tls_key: Path | None,
        **options: Any,  # noqa: ANN401 - the command's own
    ) -> Any:  # noqa: ANN401
        if (tls_ca or tls_cert or tls_key) and not tls:  # it would be sent unencrypted
            raise click.UsageError("--tls-ca, --tls-cert and --tls-key go with --tls.")
        secure = _secure(tls_ca, tls_cert, tls_key) if tls else plain
        return command(*args, secure=secure, **options)

    return reduce(lambda decorated, add: add(decorated), reversed(_tls), with_tls)


def _secure(ca: Path | None, certificate: Path | None, key: Path | None) -> Secure:
    if bool(certificate) != bool(key):
        raise click.UsageError("--tls-cert and --tls-key go together.")
    from client.tls import BadCertificate, Tls  # noqa: PLC0415 - a third of a start without TLS

    try:
        return Tls(ca, certificate, key).secure
    except BadCertificate as error:
        raise click.ClickException(str(error)) from None


ask = option(
    "--ask",
    is_flag=True,
    envvar="LANES_ASK",
    help="Prompt for each message instead of sending the lab's.",
)
