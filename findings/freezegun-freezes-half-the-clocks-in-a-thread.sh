#!/usr/bin/env bash
# freezegun 1.5.5, `freeze_time`: which clocks stand still in a thread.
#
# The usual guess: the same as in the main thread: all of them. Or, for those who have seen `threading` in the list of
# ignored packages: the real time inside the module `threading`, so that its timeouts still work.
# The behaviour: in a thread `datetime.now()` is frozen and `time.time()` is not, so a difference of the two is off by
# years. `time.time()` looks at the five innermost frames and tells the real time if one of them is of `threading`; at
# the bottom of each thread's stack there is one. So the same line is frozen again if it runs a few calls deeper.
# So: `freezegun.configure(default_ignore_list=[])`, or time-machine.
#
# Output seen, 2026-12-01, CPython 3.11.7:
#   main thread:                  time.time() frozen, datetime.now() frozen
#   Thread:                       time.time() real, datetime.now() frozen
#   ThreadPoolExecutor:           time.time() real, datetime.now() frozen
#   Thread, four calls deeper:    time.time() frozen, datetime.now() frozen
#   Thread, with an empty list:   time.time() frozen, datetime.now() frozen
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check freezegun==1.5.5 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import freezegun


def clocks():
    seconds = {"time.time()": time.time(), "datetime.now()": datetime.now(UTC).timestamp()}
    return ", ".join(f"{name} {'frozen' if value == FROZEN else 'real'}" for name, value in seconds.items())


def deeper(calls):
    return deeper(calls - 1) if calls else clocks()


def in_thread(calls=0):
    found = []

    def run():
        found.append(deeper(calls) if calls else clocks())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


FROZEN = datetime(2001, 1, 1, tzinfo=UTC).timestamp()
found = {}
with freezegun.freeze_time("2001-01-01"):
    found["main thread"] = clocks()
    found["Thread"] = in_thread()
    with ThreadPoolExecutor(1) as pool:
        found["ThreadPoolExecutor"] = pool.submit(clocks).result()
    found["Thread, four calls deeper"] = in_thread(4)
freezegun.configure(default_ignore_list=[])
with freezegun.freeze_time("2001-01-01"):
    found["Thread, with an empty list"] = in_thread()
for name, states in found.items():
    print(f"{name + ':':29} {states}")
frozen, half = (f"time.time() {state}, datetime.now() frozen" for state in ("frozen", "real"))
sys.exit(list(found.values()) != [frozen, half, half, frozen, frozen])
PY
