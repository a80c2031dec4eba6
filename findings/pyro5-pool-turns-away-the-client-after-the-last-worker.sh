#!/usr/bin/env bash
# Pyro5 5.17, a daemon with the default server type "thread" and THREADPOOL_SIZE = 4: what the fifth client gets while
# four others are connected and silent.
#
# The usual guess: it waits. A pool has a queue, as in ThreadPoolExecutor, so the call is made once a worker is free; and
# silent clients do not keep a worker busy.
# The behaviour: each connected client holds a worker until it leaves, even if it calls nothing. There is no queue: the
# fifth is turned away at once, with an error that says to increase the pool. A client that comes after another has left
# is served.
#
# Output seen, 2026-12-01, CPython 3.11.7:
#   4 of 4 clients served, by 4 workers
#   the fifth: rejected: no free workers, increase server threadpool size
#   after one has left: served
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check Pyro5==5.17 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
import sys
import threading
import time

from Pyro5.api import Daemon, Proxy, config, expose
from Pyro5.errors import CommunicationError

config.THREADPOOL_SIZE = 4
config.THREADPOOL_SIZE_MIN = 2


@expose
class Service:
    def who(self):
        return threading.current_thread().name


daemon = Daemon("127.0.0.1")
address = daemon.register(Service)
threading.Thread(target=daemon.requestLoop, daemon=True).start()


def call():
    """Return a new client and who served it, or why not."""
    client = Proxy(address)
    try:
        return client, client.who()
    except CommunicationError as error:
        return client, str(error).partition("rejected: ")[2]


clients, workers = zip(*[call() for _ in range(4)])
print(f"{len(clients)} of 4 clients served, by {len(set(workers))} workers")
_, fifth = call()
print("the fifth: rejected:", fifth)
clients[0]._pyroRelease()
until = time.monotonic() + 10
while not (after := call()[1]).startswith("Pyro-Worker") and time.monotonic() < until:
    time.sleep(0.1)
print("after one has left:", "served" if after.startswith("Pyro-Worker") else after)
expected = len(set(workers)) == 4 and fifth.startswith("no free workers") and after.startswith("Pyro-Worker")
sys.exit(not expected)
PY
