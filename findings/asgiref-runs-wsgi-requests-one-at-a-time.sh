#!/usr/bin/env bash
# asgiref 3.13.0, `WsgiToAsgi`, behind hypercorn 0.18.0: how many requests a WSGI application serves at the same time.
#
# The usual guess: as many as a pool has threads. asgiref's page says that the application "will be run in a synchronous
# threadpool", and Flask's manual recommends the adapter to whoever wants to use an ASGI server.
# The behaviour: one. The adapter calls the application through `sync_to_async`, whose default for all such calls of a
# process together is a single thread: while a request is served, the others wait.
# hypercorn's own adapter (`wsgi:` before the name) and a2wsgi serve them at the same time.
#
# Output seen, 2026-12-01, CPython 3.11.7 (three clients ask at once; a request waits up to 3 s for the others):
#   asgiref.wsgi.WsgiToAsgi: at most 1 at the same time
#   hypercorn's own adapter: at most 3 at the same time
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check asgiref==3.13.0 hypercorn==0.18.0 2>/dev/null
cat >"$folder/meeting.py" <<'PY'
import threading

from asgiref.wsgi import WsgiToAsgi

LIMIT = 3
changed = threading.Condition()
here = most = 0


def wsgi(environ, start_response):
    global here, most
    if environ["PATH_INFO"] == "/meet":
        with changed:
            here += 1
            most = max(most, here)
            changed.notify_all()
            changed.wait_for(lambda: most == 3, LIMIT)
            here -= 1
    body = str(most).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


asgi = WsgiToAsgi(wsgi)
PY
cat >"$folder/ask.py" <<'PY'
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

base = f"http://127.0.0.1:{sys.argv[1]}"


def ask(path):
    with urllib.request.urlopen(base + path, timeout=40) as answer:
        return answer.read().decode()


for _ in range(200):
    try:
        ask("/")
        break
    except OSError:
        time.sleep(0.1)
with ThreadPoolExecutor(3) as pool:
    list(pool.map(ask, ["/meet"] * 3))
print(ask("/"))
PY
most() {
    local port
    port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
    (cd "$folder" && exec venv/bin/hypercorn --bind "127.0.0.1:$port" "$1" >/dev/null 2>&1) &
    python3 "$folder/ask.py" "$port" >"$folder/most"
    kill "$!"
    wait "$!" || true
}
most meeting:asgi
adapted=$(cat "$folder/most")
most wsgi:meeting:wsgi
own=$(cat "$folder/most")
echo "asgiref.wsgi.WsgiToAsgi: at most $adapted at the same time"
echo "hypercorn's own adapter: at most $own at the same time"
[ "$adapted $own" = "1 3" ]
