#!/usr/bin/env bash
# pytest 9.2.0, `faulthandler_timeout`: whose stacks are printed if a test with many threads takes too long.
#
# The usual guess: all of them, as the help says ("Dump the traceback of all threads"). If there is a limit, the
# main thread, which runs the test and shows where it waits, is the last to be left out.
# The behaviour: CPython prints the 100 newest threads, then "...". The main thread is the oldest, so it is the first to
# go: with 100 clients or more the dump does not say which test is slow, nor in which line.
# So: pytest-timeout with `--timeout-method=thread`, which prints every stack.
#
# Output seen, 2026-12-01, CPython 3.11.7:
#   50 threads beside the test:  51 stacks, the test among them
#   105 threads beside the test: 100 stacks, the test not among them
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pytest==9.2.0 2>/dev/null
cat >test_slow.py <<'PYTHON'
import os
import threading
import time

for _ in range(int(os.environ["THREADS"])):
    threading.Thread(target=threading.Event().wait, daemon=True).start()


def test_that_waits():
    time.sleep(3)
PYTHON
found=
for threads in 50 105; do
    THREADS=$threads venv/bin/python -m pytest -q -o faulthandler_timeout=1 test_slow.py >"$threads" 2>&1
    among="the test among them"
    grep -q "in test_that_waits" "$threads" || among="the test not among them"
    heading="$threads threads beside the test:"
    found+=$(printf "%-28s %d stacks, %s" "$heading" "$(grep -c ^Thread "$threads")" "$among")$'\n'
done
printf %s "$found"
[ "$found" = "50 threads beside the test:  51 stacks, the test among them
105 threads beside the test: 100 stacks, the test not among them
" ]
