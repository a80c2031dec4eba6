"""`--tls` and its options, with the client's variables: Compose sets them once for both."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from lanes.check.tls import BadCertificate, Refused, Tls
from lanes.options import Command, option


def _unless_off(context: click.Context, _option: click.Parameter, path: Path | None) -> Path | None:
    """Return None with --no-tls: Compose names the files either way."""
    return None if context.params["tls"] is False else path


def _pem(name: str, text: str) -> Callable[[Command], Command]:
    variable = f"LANES_{name.upper().replace('-', '_')}"
    kind = click.Path(path_type=Path)
    return option(
        f"--{name}", type=kind, callback=_unless_off, metavar="PEM", envvar=variable, help=text
    )


TLS: list[Callable[[Command], Command]] = [
    option(
        "--tls/--no-tls",
        default=None,
        is_eager=True,
        envvar="LANES_TLS",
        help="Check the server over TLS (default: plaintext).",
    ),
    _pem("tls-ca", "Certificate to trust: a CA's, or the server's own. Default: the system's CAs."),
    _pem("tls-cert", "Client certificate, for a server that requires one."),
    _pem("tls-key", "Its key."),
]


def secured(command: Command) -> Command:
    """Add these options to a command, as the one argument `secure`; None without TLS."""

    @wraps(command)
    def with_tls(
        *,
        tls: bool | None,
        tls_ca: Path | None,
        tls_cert: Path | None,
        tls_key: Path | None,
        **options: Any,  # noqa: ANN401 - the command's own
    ) -> Any:  # noqa: ANN401 - click's
        if (tls_ca or tls_cert or tls_key) and not tls:
            raise click.UsageError("--tls-ca, --tls-cert and --tls-key go with --tls.")
        if bool(tls_cert) != bool(tls_key):
            raise click.UsageError("--tls-cert and --tls-key go together.")
        try:
            secure = Tls(tls_ca, tls_cert, tls_key).secure if tls else None
            return command(secure=secure, **options)
        except (BadCertificate, Refused) as error:
            raise click.UsageError(f"{error}.") from None

    return with_tls
