#!/usr/bin/env bash
# rpyc 6.0.2, `ThreadPoolServer` with three threads, and a single client: who answers its calls, and how many at a time.
#
# Two guesses are usual. Either a worker stays with its client until it leaves, so all calls run in one thread; or the pool
# takes single calls, so three asynchronous calls of half a second finish together.
# The behaviour: neither. Successive calls run in different threads, so a thread-local variable does not belong to the
# client; and calls sent together run one after the other, while two threads are idle.
#
# Output seen, 2026-12-01, CPython 3.11.7:
#   30 calls in turn: answered by 3 threads
#   3 calls at once: at most 1 under way, by 1 thread
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check rpyc==6.0.2 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
import sys
import threading
import time

import rpyc
from rpyc.utils.server import ThreadPoolServer

lock = threading.Lock()
under_way = most = 0


class Service(rpyc.Service):
    def exposed_who(self):
        return threading.get_ident()

    def exposed_work(self):
        global under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.5)
        with lock:
            under_way -= 1
        return threading.get_ident()


server = ThreadPoolServer(Service, hostname="127.0.0.1", port=0, nbThreads=3)
threading.Thread(target=server.start, daemon=True).start()
client = rpyc.connect("127.0.0.1", server.port)
in_turn = {client.root.who() for _ in range(30)}
print("30 calls in turn: answered by", len(in_turn), "threads")
work = rpyc.async_(client.root.work)
calls = [work() for _ in range(3)]
at_once = {call.value for call in calls}
print("3 calls at once: at most", most, "under way, by", len(at_once), "thread")
client.close()
sys.exit(not (len(in_turn) > 1 and most == 1 and len(at_once) == 1))
PY
