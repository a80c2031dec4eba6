"""An authority and the certificates that it issues, right ones and wrong ones, as PEM files."""

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

YESTERDAY = datetime.now(UTC) - timedelta(days=1)


class Pair(NamedTuple):
    """A certificate and its key."""

    certificate: Path
    key: Path


class Authority:
    """Issues certificates, and writes them into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ca = trustme.CA()
        self.certificate = folder / f"{id(self)}-ca.pem"
        self._ca.cert_pem.write_to_path(self.certificate)

    def issue(self, name: str, *, expired: bool = False, common: bool = False) -> Pair:
        """Issue a certificate for this host name; `common` makes it the common name too."""
        issued = self._ca.issue_cert(
            name,
            common_name=name if common else None,
            not_before=YESTERDAY - timedelta(days=1) if expired else None,
            not_after=YESTERDAY if expired else None,
        )
        stem = f"{id(self)}-{name}{'-expired' * expired}"
        pair = Pair(self._folder / f"{stem}.pem", self._folder / f"{stem}.key")
        pair.certificate.write_bytes(b"".join(one.bytes() for one in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(pair.key)
        return pair

    def trusting(self, shown: Pair | None = None) -> ssl.SSLContext:
        """Return a client's context that trusts this authority and can show this certificate."""
        return trusting(self.certificate, shown)

    def served(self, name: str) -> list[str]:
        """Return the options of a server with this name whose clients must show a certificate."""
        certificate, key = map(str, self.issue(name))
        own = ["--tls-cert", certificate, "--tls-key", key]
        return [*own, "--tls-client-ca", str(self.certificate)]


def trusting(authority: Path, shown: Pair | None) -> ssl.SSLContext:
    """Return the same context from PEM files alone, as another process needs it."""
    context = ssl.create_default_context(cafile=authority)
    if shown:
        context.load_cert_chain(*shown)
    return context


@contextmanager
def authority() -> Iterator[Authority]:
    with tempfile.TemporaryDirectory() as folder:
        yield Authority(Path(folder))


@pytest.fixture(scope="session")
def ca() -> Iterator[Authority]:
    """One authority for all tests; any of them may use what it has issued."""
    with authority() as ca:
        yield ca
