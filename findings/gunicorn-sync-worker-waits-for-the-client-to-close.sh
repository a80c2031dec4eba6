#!/usr/bin/env bash
# gunicorn 27.0.1, one sync worker: when it takes the next client.
#
# The usual guess: a sync worker closes each connection once the answer is sent (it answers `Connection: close`), and
# takes the next client at once.
# The behaviour: after the answer it waits up to 2 s for the client to close too, and serves nobody meanwhile. A client
# that has read its answer and holds the connection open, as a pool of connections does, delays the next by that much.
#
# Output seen, 2026-11-29, CPython 3.11.7:
#   the next client, after one that closes at once:  answered within 0.5 s
#   the next client, after one that stays connected: answered after 1.5 to 3 s
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
server=
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gunicorn==27.0.1 2>/dev/null
cat >"$folder/app.py" <<'PY'
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "3")])
    return [b"ok\n"]
PY
cat >"$folder/ask.py" <<'PY'
import socket
import sys
import time

port = int(sys.argv[1])


def ask():
    for _ in range(100):
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=10)
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = b""
    while not answer.endswith(b"ok\n"):
        answer += connection.recv(4096)
    return connection


def seconds_of_the_next():
    began = time.monotonic()
    ask().close()
    return time.monotonic() - began


ask().close()
quick = min(seconds_of_the_next() for _ in range(3))
first = ask()
slow = seconds_of_the_next()
first.close()
print("the next client, after one that closes at once: ", "answered within 0.5 s" if quick < 0.5 else f"{quick:.1f} s")
print("the next client, after one that stays connected:", "answered after 1.5 to 3 s" if 1.5 < slow < 3 else f"{slow:.1f} s")
sys.exit(not (quick < 0.5 and 1.5 < slow < 3))
PY
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
(cd "$folder" && exec venv/bin/gunicorn --workers 1 --bind "127.0.0.1:$port" app:app >/dev/null 2>&1) &
server=$!
python3 "$folder/ask.py" "$port"
