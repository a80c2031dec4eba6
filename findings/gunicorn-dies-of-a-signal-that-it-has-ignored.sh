#!/usr/bin/env bash
# gunicorn 27.0.1, hypercorn 0.18.0 and granian 2.8.9: the exit code if SIGTERM comes more than once.
#
# The usual guess: 0, as after one SIGTERM. All three have a handler, finish the request that they are working on, and
# take no notice of the signals that come meanwhile. So `while kill "$pid"; do sleep 0.1; done` is a way to wait.
# The behaviour: 0 or -15 (143 in a shell), with the same log. All is done and the answer is sent; but CPython takes the
# handlers away before it clears its modules, and a SIGTERM in those last few hundredths of a second kills. supervisord,
# circusd and aiohttp's `run_app` do the same, and so does a server of your own.
# So: send SIGTERM once, and ask with `kill -0` whether the server is still there.
#
# Output seen, 2026-12-01, CPython 3.11.7 (SIGTERM during a request of 1 s, then every 2 ms; five tries):
#   gunicorn:  once: 200, exit code 0;  until it has ended: 200, exit code -15
#   hypercorn: once: 200, exit code 0;  until it has ended: 200, exit code -15
#   granian:   once: 200, exit code 0;  until it has ended: 200, exit code -15
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check gunicorn==27.0.1 hypercorn==0.18.0 granian==2.8.9 2>/dev/null
cat >slow.py <<'PYTHON'
import time


def application(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(1)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
PYTHON
venv/bin/python - <<'PY'
import http.client
import signal
import socket
import subprocess
import sys
import threading
import time

SERVERS = {
    "gunicorn": ("-m", "gunicorn", "--no-control-socket", "--bind=127.0.0.1:{port}", "slow:application"),
    "hypercorn": ("-m", "hypercorn", "--bind=127.0.0.1:{port}", "wsgi:slow:application"),
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
        except ConnectionError:
            time.sleep(0.1)
    sys.exit("the server did not start")


def stop(words, again):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, *(word.format(port=port) for word in words)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_until_up(port)
        answers = []
        asking = threading.Thread(target=lambda: answers.append(ask(port, "/slow")))
        asking.start()
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        while again and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            time.sleep(0.002)
        code = process.wait(20)
        asking.join()
    return f"{answers[0]}, exit code {code}"


good = True
for name, words in SERVERS.items():
    once = stop(words, again=False)
    for _ in range(5):
        often = stop(words, again=True)
        if often.endswith("-15"):
            break
    print(f"{name + ':':10} once: {once};  until it has ended: {often}", flush=True)
    good = good and (once, often) == ("200, exit code 0", "200, exit code -15")
sys.exit(not good)
PY
