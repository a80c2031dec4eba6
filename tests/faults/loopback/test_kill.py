"""The server's process is killed, over and over: its clients lose nothing."""

import os
import random
import signal
from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tests.faults.forge import FORGE
from tests.faults.ledger import Ledger, audit, script
from tests.faults.tally import Tally
from tests.kit.certificates import Authority
from tests.kit.http_get import LOOPBACK
from tests.kit.json_log import records
from tests.kit.rounds import Rounds
from tests.kit.waiting import SECONDS, wait_until

pytestmark = pytest.mark.promise(6)

CLIENTS = 8
MESSAGES = 50_000  # messages each, more than there is time for
MOST = 40  # messages that a life of the server may see before it is killed
# Ports that the kernel gives no client while the server is dead. The tests run side by side.
PLAIN, TLS = ("2022", "8022"), ("2023", "8023")
REPLY, RECEIVED = b'"event": "reply"', b'"received from the client"'


def server_words(port: str, status_port: str) -> tuple[str, ...]:
    return "--port", port, "--status-port", status_port, "--log-format", "json"


def client_words(port: str, _: str, *own: str) -> tuple[str, ...]:
    return "run", *own, "--server", f"{LOOPBACK}:{port}", "--log-format", "json", "--script"


def start(stack: ExitStack, package: str, log: Path, *words: str) -> BaseProcess:
    """Like `python -m PACKAGE WORDS`, but already imported; its output goes to a file."""
    log.touch()
    process = FORGE.Process(target=run, args=(package, log, words), daemon=True)
    process.start()
    stack.callback(process.join)
    stack.callback(process.kill)
    return process


def ended(process: BaseProcess) -> int | None:
    """Return its exit code, or minus the signal's number if a signal ended it."""
    process.join(SECONDS)
    return process.exitcode


def run(package: str, log: Path, words: tuple[str, ...]) -> None:
    os.dup2(os.open(log, os.O_WRONLY), 1)
    import_module(f"{package}.__main__").main(words, prog_name=f"python -m {package}")


def count(what: bytes, log: Path) -> int:
    return log.read_bytes().count(what)


def wait_until_received(log: Path, messages: int) -> None:
    wait_until(lambda: count(RECEIVED, log) >= messages)


def more_for_each(logs: list[Path]) -> Callable[[], bool]:
    """Return a function: has each client logged another reply since this call?"""
    had = {log: count(REPLY, log) for log in logs}
    return lambda: all(count(REPLY, log) > before for log, before in had.items())


def test_a_server_process_that_is_killed_under_8_clients_loses_nothing(
    rounds: Rounds, tally: Tally, tmp_path: Path
) -> None:
    words = server_words(*PLAIN), client_words(*PLAIN)
    kill_over_and_over(rounds(20, 500), tally, tmp_path, *words)


def test_a_server_process_that_is_killed_under_8_clients_over_tls_loses_nothing(
    rounds: Rounds, tally: Tally, tmp_path: Path
) -> None:
    ca = Authority(tmp_path)
    certificate, key = map(str, ca.issue("client"))
    own = ("--tls", "--tls-ca", str(ca.certificate), "--tls-cert", certificate, "--tls-key", key)
    words = (*server_words(*TLS), *ca.served(LOOPBACK)), client_words(*TLS, *own)
    kill_over_and_over(rounds(10, 100), tally, tmp_path, *words)


def kill_over_and_over(
    times: int, tally: Tally, tmp_path: Path, serve: tuple[str, ...], talk: tuple[str, ...]
) -> None:
    moments = random.Random(6)  # noqa: S311 - any moments will do, the same each time
    names = [f"client-{number}" for number in range(1, CLIENTS + 1)]
    logs = [tmp_path / f"{name}.log" for name in names]
    lives: list[Path] = []
    with ExitStack() as stack:

        def rise() -> BaseProcess:
            lives.append(tmp_path / f"life {len(lives) + 1}.log")
            return start(stack, "server", lives[-1], *serve)

        server, clients = rise(), []
        for name, log in zip(names, logs, strict=True):
            to_say = tmp_path / f"{name}.txt"
            to_say.write_text(script(name, MESSAGES, pause=0.005), encoding="utf-8")
            clients.append(start(stack, "client", log, *talk, str(to_say)))
        wait_until(more_for_each(logs))
        for _ in range(times):
            wait_until_received(lives[-1], moments.randint(1, MOST))
            server.kill()
            assert ended(server) == -signal.SIGKILL, "it had ended before"
            tally.check(all(client.is_alive() for client in clients), "a client has given up")
            server = rise()
        wait_until(more_for_each(logs))
        for client in clients:
            client.terminate()
        codes = [ended(client) for client in clients]
        server.terminate()
        assert ended(server) == 0

    served = [record for life in lives for record in records(life.read_bytes())]
    said = [records(log.read_bytes()) for log in logs]
    ledgers = [Ledger(name, own, served) for name, own in zip(names, said, strict=True)]
    audit(ledgers, codes, tally)
