#!/usr/bin/env bash
# yappi 1.7.6, a profiler for threads: the names in `get_thread_stats()`.
#
# The usual guess: each thread's own name, `client-1` or `Thread-1 (serve)`, as tracebacks and py-spy have it.
# The behaviour: the name of its class, so every thread of a server is called `Thread`, and the main one `_MainThread`.
# `set_context_name_callback` puts it right, if it is set before the threads run.
#
# Output seen, 2026-11-29, CPython 3.11.7:
#   as it is:        Thread Thread Thread _MainThread
#   with a callback: MainThread client-0 client-1 client-2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check yappi==1.7.6 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
import sys
import threading

import yappi


def names():
    yappi.start()
    threads = [threading.Thread(target=sum, args=([1, 2],), name=f"client-{n}") for n in range(3)]
    for thread in threads:
        thread.start()
        thread.join()
    yappi.stop()
    found = " ".join(sorted(stats.name for stats in yappi.get_thread_stats()))
    yappi.clear_stats()
    return found


by_class = names()
yappi.set_context_name_callback(lambda: threading.current_thread().name)
by_name = names()
print("as it is:       ", by_class)
print("with a callback:", by_name)
sys.exit((by_class, by_name) != ("Thread Thread Thread _MainThread", "MainThread client-0 client-1 client-2"))
PY
