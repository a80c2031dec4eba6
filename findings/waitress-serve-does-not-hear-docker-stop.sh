#!/usr/bin/env bash
# waitress 3.0.2 (`waitress-serve`) and cheroot 11.1.2 (`cheroot`): what SIGTERM does, which is how `docker stop` asks.
#
# The usual guess: a server for production drains: it answers the request that it is working on, and exits with 0.
# The behaviour: neither has a handler for SIGTERM. Started from a shell, both die at once and the request is lost. As
# process 1, which a container's program is, the kernel discards a signal that has no handler: they serve on, until
# the engine's ten seconds are over and SIGKILL comes. granian, in comparison, drains in both places.
# So: send SIGINT (`STOPSIGNAL SIGINT`), which Python turns into KeyboardInterrupt, or install a handler.
#
# It needs `unshare` (util-linux) and the right to make a process namespace. Output seen, 2026-11-29, CPython 3.11.7
# (SIGTERM during a request of 1.5 s; the answer, and whether the process has ended 5 s later):
#   waitress: from a shell: no answer, ended;  as process 1: 200, still serves
#   cheroot:  from a shell: no answer, ended;  as process 1: 200, still serves
#   granian:  from a shell: 200, ended;  as process 1: 200, ended
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check waitress==3.0.2 cheroot==11.1.2 granian==2.8.9 2>/dev/null
cat >slow.py <<'PYTHON'
import time


def application(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(1.5)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
PYTHON
venv/bin/python - <<'PY'
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

PROCESS_1 = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc")
SERVERS = {
    "waitress": ("-m", "waitress", "--listen=127.0.0.1:{port}", "slow:application"),
    "cheroot": ("-m", "cheroot", "--bind=127.0.0.1:{port}", "slow:application"),
    "granian": ("-m", "granian", "--interface=wsgi", "--port={port}", "slow:application"),
}


def ask(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        return connection.getresponse().status
    except http.client.RemoteDisconnected:
        return "no answer"
    finally:
        connection.close()


def wait_until_up(port):
    for _ in range(300):
        try:
            return ask(port, "/")
        except ConnectionRefusedError:
            time.sleep(0.1)
    sys.exit("the server did not start")


def stop(words, where):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [*where, sys.executable, *(word.format(port=port) for word in words)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_until_up(port)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        server = int(children[0]) if where else process.pid
        answers = []
        asking = threading.Thread(target=lambda: answers.append(ask(port, "/slow")))
        asking.start()
        time.sleep(0.7)
        os.kill(server, signal.SIGTERM)
        asking.join()
        try:
            process.wait(5)
            fate = "ended"
        except subprocess.TimeoutExpired:
            fate = "still serves" if ask(port, "/") == 200 else "hangs"
            os.kill(server, signal.SIGKILL)
    return answers[0], fate


found = {name: (stop(words, ()), stop(words, PROCESS_1)) for name, words in SERVERS.items()}
for name, (shell, first) in found.items():
    print(f"{name + ':':9} from a shell: {shell[0]}, {shell[1]};  as process 1: {first[0]}, {first[1]}")
deaf = (("no answer", "ended"), (200, "still serves"))
drains = ((200, "ended"), (200, "ended"))
sys.exit(found != {"waitress": deaf, "cheroot": deaf, "granian": drains})
PY
