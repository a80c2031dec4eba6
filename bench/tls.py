"""What TLS costs: our server with and without TLS, next to socketserver with and without ssl."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import trustme

from bench.contenders import SOCKETSERVER, THREAD, Contender, over_tls
from bench.load import compile_for_tls
from bench.machine import two_cores
from bench.rounds import VISITS, Row, once_running, under_load
from bench.sizes import idle_memory

ROWS = (
    Row("50", ("--clients", "50")),
    VISITS,
    Row("visits, resumed", (*VISITS.words, "--resume")),
)
WHERE = {"one core": True, "any core": False}


def measure(rounds: int, seconds: float) -> dict[str, Any]:
    """Return samples for each place, row and contender, and the memory of idle clients."""
    compile_for_tls()
    words = ("--seconds", str(seconds))
    with contenders() as four:
        rows: dict[str, Any] = {where: {} for where in WHERE}
        for where, pinned in WHERE.items():
            for row in ROWS:
                samples = under_load(row, four, rounds, pinned=pinned, words=words)
                rows[where][row.name] = {
                    name: [asdict(one) for one in found] for name, found in samples.items()
                }
        core, _ = two_cores()
        memory = once_running("memory", four, rounds, idle_memory, core=core)
        return {"rows": rows, "memory": memory}


@contextmanager
def contenders() -> Iterator[tuple[Contender, ...]]:
    """Yield the contenders; they share a certificate (ECDSA on P-256, as Compose's) of a new CA."""
    with tempfile.TemporaryDirectory() as folder:
        issued = trustme.CA().issue_cert("localhost")
        certificate, key = Path(folder, "server.pem"), Path(folder, "server.key")
        issued.cert_chain_pems[0].write_to_path(certificate)
        issued.private_key_pem.write_to_path(key)
        mine, its = (over_tls(one, certificate, key) for one in (THREAD, SOCKETSERVER))
        yield mine, THREAD, its, SOCKETSERVER
