#!/usr/bin/env bash
# pytest 9.2.0, pytest-xdist 3.8.0, CPython with GNU readline: what a test's child processes find in their environment.
#
# Usual guess: a variable that is unset where pytest is started, and that no test sets, is unset in the programs that
# tests start, and in xdist's workers.
# What happens: pytest imports `readline`, and the C library behind it calls setenv("LINES") and setenv("COLUMNS"),
# with 24 and 80 if there is no terminal. `os.environ` of pytest's own process does not show that, since it was read
# before; but every child inherits both. In an xdist worker, which is such a child, they stand in `os.environ`, and
# libraries that draw on terminals (rich, click, curses) believe them before the terminal that a test gave them.
# So: unset LINES and COLUMNS for programs whose output depends on the width, or fails only under xdist.
#
# Output seen, 2026-11-28, CPython 3.11.7:
#   in pytest: None None
#   in its child: 24 80
#   in a worker: 24 80
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset LINES COLUMNS
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pytest==9.2.0 pytest-xdist==3.8.0 2>/dev/null

cat >test_environment.py <<'PYTHON'
import os
import subprocess


def test_environment():
    with open(os.environ["RESULT"], "w") as result:
        print(os.environ.get("LINES"), os.environ.get("COLUMNS"), file=result)
        child = subprocess.run(["sh", "-c", "echo $LINES $COLUMNS"], capture_output=True, text=True)
        print(child.stdout, end="", file=result)
PYTHON

RESULT=$folder/alone venv/bin/python -m pytest -q test_environment.py >/dev/null </dev/null
RESULT=$folder/worker venv/bin/python -m pytest -q -n 1 test_environment.py >/dev/null </dev/null
echo "in pytest: $(sed -n 1p alone)"
echo "in its child: $(sed -n 2p alone)"
echo "in a worker: $(sed -n 1p worker)"
[ "$(sed -n 1p alone)" = "None None" ] && [ "$(sed -n 2p alone)" = "24 80" ] && [ "$(sed -n 1p worker)" = "24 80" ]
