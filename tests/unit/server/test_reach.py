"""Who reaches which port: clients on other machines the one, and probes nothing but the other."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable

from server.status import fetch
from tests.kit.running_server import RunningServer
from tests.kit.waiting import SECONDS

COMMAND = [sys.executable, "-m", "server"]


def test_it_listens_on_the_address_that_it_is_told(
    start_server: Callable[..., RunningServer],
) -> None:
    """Another than localhost's: a client in another container would come by such a one."""
    server = start_server(host="127.0.0.2")
    assert server.address.startswith("127.0.0.2:")
    assert server.greeted().say("Hey").startswith("+OK Thread-1: ")


def test_a_probe_takes_no_number_and_no_thread() -> None:
    options = ["--log-format", "json", "--port", "0", "--status-port", "0"]
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        bound = json.loads(server.stdout.readline())
        port, status_port = bound["address"].rpartition(":")[2], bound["status_port"]
        probe = [*COMMAND, "--port", port, "--status-port", str(status_port), "health"]
        subprocess.run(probe, timeout=2 * SECONDS, check=True, capture_output=True)
        snapshot = json.loads(fetch("127.0.0.1", status_port, "/sessions.json").body)
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=2 * SECONDS)
    assert (snapshot["accepted"], snapshot["sessions"]) == (0, [])
