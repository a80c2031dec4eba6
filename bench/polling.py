"""What the live page costs the conversations, when one viewer has it open.

Clients send a line, wait for the reply, send the next, over loopback and from one process. Turns
with a viewer, who asks for the page twice a second as a browser does, alternate with turns without.
Two figures: messages a second with and without, which on a shared machine needs many turns; and
which part of the server's processor time goes to threads that hold no conversation (Linux counts it
for each thread), which is what the conversations cannot have.
"""

import contextlib
import http.client
import json
import multiprocessing
import multiprocessing.synchronize
import select
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

LINE = b"Hey Server!!! What will we do in today's lab????\n"
INTERVAL = 0.5  # seconds between two looks, as in server/views/templates/page.js
SECONDS = 10.0  # for the server to come up, and for a page

Event = multiprocessing.synchronize.Event


@contextlib.contextmanager
def running_server() -> Iterator[tuple[int, int]]:
    """A server that logs warnings alone; its port for clients and the one for HTTP."""
    with socket.socket() as one, socket.socket() as other:
        for free in (one, other):
            free.bind(("127.0.0.1", 0))
        port, status_port = one.getsockname()[1], other.getsockname()[1]
    words = ["--port", str(port), "--status-port", str(status_port), "--log-level", "warning"]
    with subprocess.Popen([sys.executable, "-m", "server", *words]) as server:  # noqa: S603
        try:
            wait_for(status_port)
            yield port, status_port
        finally:
            server.terminate()


def wait_for(status_port: int) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + SECONDS
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            ask(status_port, "/healthz")
            return
        if time.monotonic() > deadline:
            raise click.ClickException("the server did not come up.")
        time.sleep(0.05)


def ask(status_port: int, path: str) -> bytes:
    """A page."""
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", status_port, timeout=SECONDS)
    ) as connection:
        connection.request("GET", path)
        return connection.getresponse().read()


def serving(status_port: int) -> tuple[int, set[int]]:
    """The server's process, and the threads that hold a conversation now."""
    snapshot = json.loads(ask(status_port, "/sessions.json"))
    return snapshot["pid"], {one["native_id"] for one in snapshot["sessions"] if not one["end"]}


def view(status_port: int, wanted: Event) -> None:
    """Look at the page twice a second while it is wanted, until this process is ended."""
    while True:
        wanted.wait()
        ask(status_port, "/")
        time.sleep(INTERVAL)


class Conversations:
    """So many clients that each send a line as soon as the one before it is answered."""

    def __init__(self, port: int, clients: int) -> None:
        self._poll = select.poll()
        self._sockets = {}
        for _ in range(clients):
            connected = socket.create_connection(("127.0.0.1", port))
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connected.recv(8192)  # the greeting
            connected.sendall(LINE)
            self._sockets[connected.fileno()] = connected
            self._poll.register(connected, select.POLLIN)

    def rate(self, seconds: float) -> float:
        """Messages answered a second, over so many seconds."""
        answered, began = 0, time.monotonic()
        while time.monotonic() - began < seconds:
            for descriptor, _ in self._poll.poll(1000):
                if not self._sockets[descriptor].recv(8192).endswith(b"\n"):
                    raise click.ClickException("a reply came in pieces, or not at all.")
                self._sockets[descriptor].sendall(LINE)
                answered += 1
        return answered / (time.monotonic() - began)

    def close(self) -> None:
        """Hang up."""
        for connected in self._sockets.values():
            connected.close()


def processor_time(pid: int, threads: set[int]) -> tuple[int, int]:
    """Nanoseconds that these threads of the process have run, and its others (proc(5))."""
    these, others = 0, 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it has ended
            ran = int((task / "schedstat").read_text().split()[0])
            if int(task.name) in threads:
                these += ran
            else:
                others += ran
    return these, others


@click.command()
@click.option("--clients", default=8, show_default=True)
@click.option("--history", default=1000, show_default=True, help="Sessions before, to be drawn.")
@click.option("--rounds", default=40, show_default=True, help="Pairs of turns.")
@click.option("--seconds", default=1.0, show_default=True, help="A turn takes.")
def main(clients: int, history: int, rounds: int, seconds: float) -> None:
    """Compare turns with a viewer to turns without."""
    rates: dict[bool, list[float]] = {False: [], True: []}
    spent: dict[bool, list[tuple[int, int]]] = {False: [], True: []}
    wanted = multiprocessing.Event()
    with running_server() as (port, status_port):
        for _ in range(history):
            Conversations(port, 1).close()
        viewer = multiprocessing.Process(target=view, args=(status_port, wanted), daemon=True)
        viewer.start()
        with contextlib.closing(Conversations(port, clients)) as conversations:
            conversations.rate(seconds)  # to warm up
            pid, threads = serving(status_port)
            for number in range(rounds):
                for viewed in (number % 2 == 0, number % 2 == 1):  # neither is always first
                    (wanted.set if viewed else wanted.clear)()
                    before = processor_time(pid, threads)
                    rates[viewed].append(conversations.rate(seconds))
                    after = processor_time(pid, threads)
                    spent[viewed].append((after[0] - before[0], after[1] - before[1]))
        viewer.terminate()
        viewer.join()
    click.echo(f"{clients} clients, {history} sessions before, {rounds} pairs of {seconds:g} s")
    for viewed, name in ((False, "nobody looks"), (True, "somebody looks")):
        conversing, other = (sum(part) for part in zip(*spent[viewed], strict=True))
        low, middle, high = statistics.quantiles(rates[viewed], n=4)
        click.echo(
            f"{name:<15} {middle:8,.0f} messages a second (quartiles {low:,.0f} and {high:,.0f}), "
            f"{100 * other / (conversing + other):.1f} % of the processor time for others"
        )


if __name__ == "__main__":
    main()
