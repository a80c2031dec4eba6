#!/usr/bin/env bash
# cheroot 11.1.2, `wsgi.Server(numthreads=2, max=6)`: how many threads serve six clients that ask at once.
#
# The usual guess: six. The pool starts with two threads and grows up to `max` while requests queue, as in Tomcat or
# Java's ThreadPoolExecutor.
# The behaviour: two, for ever; the others wait in the queue. `max` only bounds what the program itself asks for by
# `server.requests.grow(N)`. Nothing in the server calls that.
#
# Output seen, 2026-11-29, CPython 3.11.7:
#   threads at work: 2, in the pool: 2
#   after grow(4): 6, in the pool: 6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check cheroot==11.1.2 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
import socket
import sys
import threading
import time

from cheroot import wsgi

at_work = set()
go_on = threading.Event()


def application(environ, start_response):
    at_work.add(threading.get_ident())
    go_on.wait(20)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def settled():
    """How many threads are at work once that has not changed for two seconds."""
    count, since = len(at_work), time.monotonic()
    while time.monotonic() < since + 2:
        if len(at_work) != count:
            count, since = len(at_work), time.monotonic()
        time.sleep(0.05)
    return count


server = wsgi.Server(("127.0.0.1", 0), application, numthreads=2, max=6)
server.prepare()
serving = threading.Thread(target=server.serve)
serving.start()
clients = [socket.create_connection(server.bind_addr) for _ in range(6)]
for client in clients:
    client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
found = [(settled(), len(server.requests._threads))]
server.requests.grow(4)
found.append((settled(), len(server.requests._threads)))
go_on.set()
for client in clients:
    client.recv(1024)
    client.close()
server.stop()
serving.join()
print("threads at work: {}, in the pool: {}".format(*found[0]))
print("after grow(4): {}, in the pool: {}".format(*found[1]))
sys.exit(found != [(2, 2), (6, 6)])
PY
