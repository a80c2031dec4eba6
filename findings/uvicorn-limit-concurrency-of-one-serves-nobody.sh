#!/usr/bin/env bash
# uvicorn 0.54.0, `--limit-concurrency N`: how many clients are served at the same time.
#
# The usual guess: N; the next one is answered with 503 until a place is free. So 1 is the lab's server that serves one
# client at a time.
# The behaviour: N - 1. The connection that asks is counted before it is compared with the limit, so with 1 every
# request is answered with 503, on a server that has nothing else to do. Idle kept-alive connections are counted too.
#
# Output seen, 2026-11-29, CPython 3.11.7 (a single client, nobody else connected):
#   --limit-concurrency 1: 503
#   --limit-concurrency 2: 200
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check uvicorn==0.54.0 2>/dev/null
cat >application.py <<'PYTHON'
async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
PYTHON
venv/bin/python - <<'PY'
import http.client
import socket
import subprocess
import sys
import time


def status(limit):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--port", str(port), "--limit-concurrency", str(limit), "--lifespan", "off", "--log-level", "critical"]
    with subprocess.Popen([sys.executable, "-m", "uvicorn", "application:application", *options]) as server:
        try:
            for _ in range(200):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                try:
                    connection.request("GET", "/")
                    return connection.getresponse().status
                except ConnectionRefusedError:
                    time.sleep(0.1)
                finally:
                    connection.close()
        finally:
            server.terminate()


one, two = status(1), status(2)
print("--limit-concurrency 1:", one)
print("--limit-concurrency 2:", two)
sys.exit((one, two) != (503, 200))
PY
