"""The server's process is killed, over and over: its clients lose nothing."""

import os
import random
import signal
from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Self

import pytest

from tests.faults.forge import FORGE
from tests.faults.ledger import Ledger, audit, script
from tests.faults.tally import Tally
from tests.kit.http_get import LOOPBACK
from tests.kit.json_log import records
from tests.kit.rounds import Rounds
from tests.kit.waiting import SECONDS, wait_until

pytestmark = pytest.mark.promise(6)

CLIENTS = 8
MESSAGES = 50_000  # each, more than there is time for
PAUSE = 0.005  # seconds between a reply and the next message
MOST = 40  # messages that a life of the server may see before it is killed
PORT = "2022"  # none that a client's own end may get while the server is dead
SERVER = ("--port", PORT, "--status-port", "8022", "--log-format", "json")
CLIENT = ("run", "--server", f"{LOOPBACK}:{PORT}", "--log-format", "json", "--script")
REPLY, RECEIVED = b'"event": "reply"', b'"received from the client"'


class Program:
    """`python -m PACKAGE WORDS`, but for the time to import it; its output goes to a file."""

    def __init__(self, package: str, log: Path, *words: str) -> None:
        log.touch()
        self._process = FORGE.Process(target=run, args=(package, log, words), daemon=True)
        self._process.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()

    def runs(self) -> bool:
        return self._process.is_alive()

    def end(self, number: int) -> int | None:
        """Send a signal; its exit code, which is minus a signal's number where that ended it."""
        assert self._process.pid
        os.kill(self._process.pid, number)
        self._process.join(SECONDS)
        return self._process.exitcode


def run(package: str, log: Path, words: tuple[str, ...]) -> None:
    os.dup2(os.open(log, os.O_WRONLY), 1)
    import_module(f"{package}.__main__").main(words, prog_name=f"python -m {package}")


def count(what: bytes, log: Path) -> int:
    return log.read_bytes().count(what)


def more_for_each(logs: list[Path]) -> Callable[[], bool]:
    """Whether each client has got a reply since now, by its log."""
    had = {log: count(REPLY, log) for log in logs}
    return lambda: all(count(REPLY, log) > before for log, before in had.items())


def wait_until_received(log: Path, messages: int) -> None:
    wait_until(lambda: count(RECEIVED, log) >= messages)


def test_a_server_process_that_is_killed_under_8_clients_loses_nothing(
    rounds: Rounds, tally: Tally, tmp_path: Path
) -> None:
    moments = random.Random(6)  # noqa: S311 - any moments will do, the same each time
    names = [f"client-{number}" for number in range(1, CLIENTS + 1)]
    logs = [tmp_path / f"{name}.log" for name in names]
    lives: list[Path] = []
    with ExitStack() as stack:

        def rise() -> Program:
            lives.append(tmp_path / f"life {len(lives) + 1}.log")
            return stack.enter_context(Program("server", lives[-1], *SERVER))

        server, clients = rise(), []
        for name, log in zip(names, logs, strict=True):
            to_say = tmp_path / f"{name}.txt"
            to_say.write_text(script(name, MESSAGES, PAUSE), encoding="utf-8")
            clients.append(stack.enter_context(Program("client", log, *CLIENT, str(to_say))))
        wait_until(more_for_each(logs))
        for _ in range(rounds(20, 500)):
            wait_until_received(lives[-1], moments.randint(1, MOST))
            assert server.end(signal.SIGKILL) == -signal.SIGKILL, "it had ended before"
            tally.check(all(client.runs() for client in clients), "a client has given up")
            server = rise()
        wait_until(more_for_each(logs))
        codes = [client.end(signal.SIGTERM) for client in clients]
        assert server.end(signal.SIGTERM) == 0

    served = [record for life in lives for record in records(life.read_bytes())]
    ledgers = [
        Ledger(name, records(log.read_bytes()), served)
        for name, log in zip(names, logs, strict=True)
    ]
    audit(ledgers, codes, tally)
