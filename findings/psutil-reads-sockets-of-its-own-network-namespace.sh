#!/usr/bin/env bash
# psutil 7.2.2, `Process.net_connections()` of a process in another network namespace, as in any container.
#
# The usual guess: the sockets of that process, which is what the method is called on; or an error if it cannot see them.
# The behaviour: an empty list. It finds the process's sockets by their inodes, and looks these up in /proc/net of the
# namespace that psutil itself is in. /proc/PID/net would be the process's own. There is no error and no warning, so a
# server in a container seems not to listen at all.
#
# It needs `unshare` (util-linux) and the right to make a network namespace. Output seen, 2026-11-29, CPython 3.11.7:
#   in this namespace:    1 socket that listens, by /proc/PID/net: 1
#   in another namespace: 0 sockets that listen, by /proc/PID/net: 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check psutil==7.2.2 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
import os
import re
import subprocess
import sys
from pathlib import Path

import psutil

SERVER = """
import socket
with socket.create_server(("127.0.0.1", 0)):
    print("listens", flush=True)
    input()
"""
LISTEN = "0A"  # proc(5), /proc/net/tcp


def by_hand(pid):
    links = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {match[1] for link in links if (match := re.fullmatch(r"socket:\[(\d+)\]", link))}
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return sum(row[3] == LISTEN and row[9] in inodes for row in rows)


def listening(*where):
    command = [*where, sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        if server.stdout.readline() != "listens\n":
            sys.exit("the server did not start")
        found = psutil.Process(server.pid).net_connections()
        counts = sum(one.status == psutil.CONN_LISTEN for one in found), by_hand(server.pid)
        server.communicate("\n")
    return counts


here, there = listening(), listening("unshare", "--user", "--map-root-user", "--net")
print("in this namespace:    {} socket that listens, by /proc/PID/net: {}".format(*here))
print("in another namespace: {} sockets that listen, by /proc/PID/net: {}".format(*there))
sys.exit((here, there) != ((1, 1), (0, 1)))
PY
