#!/usr/bin/env bash
# pytest-xdist 3.8.0 (pytest 9.2.0): a test can wait for minutes while a worker has nothing to do.
#
# Usual guess: with `--dist worksteal`, or any other mode, a worker that has run out of tests takes
# one that has not begun elsewhere.
# What happens: each worker is given two units at the start, and the last one in a worker's queue is
# never taken away from it. In `load`, `loadgroup` and `worksteal` alike, the test that queues behind
# a long one begins when that has ended, though the other worker has long been idle.
# So: put long tests last in a worker's reach by splitting them, or keep the groups short.
#
# Output seen, 2026-11-28, CPython 3.11 (seconds from the long test's start to the last short one's):
#   load: 5.0 s
#   loadgroup: 5.0 s
#   worksteal: 5.0 s
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pytest==9.2.0 pytest-xdist==3.8.0 2>/dev/null

cat >test_one_long_four_short.py <<'PYTHON'
import os
import time
from pathlib import Path

import pytest

STARTS = Path(os.environ["STARTS"])


def note(name):
    with STARTS.open("a") as file:
        file.write(f"{name} {time.time()}\n")


@pytest.mark.xdist_group("long")
def test_long():
    note("long")
    time.sleep(5)


@pytest.mark.parametrize("number", range(4))
def test_short(number):
    note("short")
PYTHON

changed=0
for mode in load loadgroup worksteal; do
    STARTS=$folder/$mode venv/bin/python -m pytest -q -n 2 --dist "$mode" test_one_long_four_short.py >/dev/null
    waited=$(awk '$1 == "long" { long = $2 } $1 == "short" && $2 > last { last = $2 } END { printf "%.1f", last - long }' "$mode")
    echo "$mode: $waited s"
    awk -v waited="$waited" 'BEGIN { exit !(waited >= 4.5) }' || changed=1
done
exit "$changed"
