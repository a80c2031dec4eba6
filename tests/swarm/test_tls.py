"""stack.tls.yaml: the same servers and clients over TLS, with their certificates as secrets."""

from pathlib import Path
from shutil import copy

from tests.kit.certificates import Authority
from tests.swarm.stack import Stack, wait_until

CLIENTS = 3


def test_clients_prove_their_names_to_any_replica(
    stack: Stack, ca: Authority, tmp_path: Path
) -> None:
    copy(ca.certificate, tmp_path / "authority.pem")
    for name, certified in {"server": "tasks.server", "client": "client"}.items():
        certificate, key = ca.issue(certified)
        copy(certificate, tmp_path / f"{name}.pem")
        copy(key, tmp_path / f"{name}.key")
    stack.deploy("stack.tls.yaml", CLIENTS=str(CLIENTS), LANES_CERTIFICATES=str(tmp_path))
    wait_until(lambda: stack.finished("client") == [0] * CLIENTS)
    sessions = [one for each in stack.snapshots() for one in each["sessions"]]
    assert [(one["client"], one["tls"]) for one in sessions] == [("client", "proven")] * CLIENTS
