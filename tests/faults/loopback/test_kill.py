"""The server's process is killed, over and over: its clients lose nothing."""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import pytest

from tests.faults.ledger import Event, Ledger, audit, script
from tests.faults.phoenix import PORT, Phoenix
from tests.faults.tally import Tally
from tests.kit.http_get import LOOPBACK
from tests.kit.rounds import Rounds
from tests.kit.waiting import SECONDS, wait_until

pytestmark = pytest.mark.promise(6)

CLIENTS = 8
MESSAGES = 50_000  # each, more than there is time for
PAUSE = 0.005  # seconds between a reply and the next message
MOST = 40  # messages that a life of the server may see before it is killed


class ClientProcess:
    """`python -m client run`, with a script of so many numbered messages."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._output = folder / f"{name}.log"
        to_say = folder / f"{name}.txt"
        to_say.write_text(script(name, MESSAGES, PAUSE), encoding="utf-8")
        words = [sys.executable, "-m", "client", "run", "--log-format", "json"]
        words += ["--server", f"{LOOPBACK}:{PORT}", "--script", str(to_say)]
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.runs():
            self._process.kill()
        self._process.wait()

    def runs(self) -> bool:
        return self._process.poll() is None

    def replies(self) -> int:
        return self._output.read_bytes().count(b'"event": "reply"')

    def terminate(self) -> int:
        """SIGTERM, then its exit code."""
        self._process.terminate()
        return self._process.wait(SECONDS)

    def log(self) -> Iterator[Event]:
        return map(json.loads, self._output.read_bytes().splitlines())


def more_for_each(clients: list[ClientProcess]) -> Callable[[], bool]:
    """Whether each client has been answered since now."""
    replies = [client.replies() for client in clients]
    return lambda: all(client.replies() > had for client, had in zip(clients, replies, strict=True))


def test_a_server_process_that_is_killed_under_8_clients_loses_nothing(
    rounds: Rounds, tally: Tally, tmp_path: Path
) -> None:
    kills = rounds(20, 500)
    moments = random.Random(6)  # noqa: S311 - any moments will do, the same each time
    with Phoenix(tmp_path) as server, ExitStack() as stack:
        clients = [
            stack.enter_context(ClientProcess(f"client-{number}", tmp_path))
            for number in range(1, CLIENTS + 1)
        ]
        wait_until(more_for_each(clients))
        for _ in range(kills):
            server.wait_until_received(moments.randint(1, MOST))
            server.kill()
            tally.check(all(client.runs() for client in clients), "a client has given up")
            server.rise()
        wait_until(more_for_each(clients))
        codes = [client.terminate() for client in clients]

        log = list(server.log())
        ledgers = [Ledger(client.name, client.log(), log) for client in clients]
        audit(ledgers, codes, tally)
