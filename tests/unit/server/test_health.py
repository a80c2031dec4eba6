"""The container's health check, run as the image runs it."""

import sys

import pytest

from tests.kit.command import ROOT, run
from tests.kit.server_process import ServerProcess, reserve

HEALTH = [sys.executable, "-I", "-S", str(ROOT / "server" / "health.py")]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_server_is_healthy_on_any_address_and_a_probe_takes_no_number(host: str) -> None:
    with ServerProcess("--host", host) as server:
        ports = {"LANES_PORT": str(server.port), "LANES_STATUS_PORT": str(server.status_port)}
        asked = run(*HEALTH, LANES_HOST=host, **ports)
        assert (asked.returncode, asked.stdout, asked.stderr) == (0, "", "")
        assert server.snapshot()["accepted"] == 0


def test_without_a_server_the_check_fails_with_one_line() -> None:
    with reserve() as nobody:
        port = nobody.getsockname()[1]
        asked = run(*HEALTH, LANES_STATUS_PORT=str(port))
    assert asked.returncode == 1
    assert asked.stderr == f"no answer from 127.0.0.1 port {port}: [Errno 111] Connection refused\n"
