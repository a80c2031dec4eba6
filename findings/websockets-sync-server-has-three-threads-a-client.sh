#!/usr/bin/env bash
# websockets 17.4, `websockets.sync.server`: how many threads the server has for each client.
#
# The usual guess: one. The manual calls it the implementation with threads, and the handler runs in a thread for each
# connection, which reads, answers and waits.
# The behaviour: three. Beside the handler's thread, one receives from the socket and one sends keepalive pings. So
# whoever looks from outside sees other threads in `recv` than those that answer, and 1,000 clients are 3,000 threads.
# `ping_interval=None` saves the third.
#
# Output seen, 2026-11-29, CPython 3.11.7:
#   threads for 10 clients: 30
#   without pings: 20
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check websockets==17.4 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
import subprocess
import sys
import threading

from websockets.sync.server import serve

CLIENTS = """
import sys
from contextlib import ExitStack
from websockets.sync.client import connect

with ExitStack() as stack:
    clients = [stack.enter_context(connect(f"ws://127.0.0.1:{sys.argv[1]}")) for _ in range(10)]
    for client in clients:
        client.send("hello")
        client.recv()
    print("answered", flush=True)
    input()
"""


def echo(connection):
    for message in connection:
        connection.send(message)


def threads(**options):
    with serve(echo, "127.0.0.1", 0, **options) as server:
        threading.Thread(target=server.serve_forever).start()
        before = threading.active_count()
        command = [sys.executable, "-c", CLIENTS, str(server.socket.getsockname()[1])]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as clients:
            clients.stdout.readline()
            count = threading.active_count() - before
            clients.communicate("\n")
    return count


usual, without = threads(), threads(ping_interval=None)
print("threads for 10 clients:", usual)
print("without pings:", without)
sys.exit((usual, without) != (30, 20))
PY
