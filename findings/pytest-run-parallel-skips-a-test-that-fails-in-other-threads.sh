#!/usr/bin/env bash
# pytest-run-parallel 0.10.0 with pytest 9.2.0, `--parallel-threads=4`: a test that skips in one of its threads and fails
# in the other three.
#
# The usual guess: it fails. The plugin runs the same test in four threads to find failures that need several threads, so
# one is enough.
# The behaviour: it is skipped, with exit code 0, and none of the three failures is shown or counted. It does not matter
# whether the skip or the failures come first. The same test without a skip is reported as failed.
#
# Output seen, 2026-12-01, CPython 3.11.7:
#   skips first, then fails three times: skipped=1 failures=0, exit code 0
#   fails three times, then skips:       skipped=1 failures=0, exit code 0
#   fails four times:                    skipped=0 failures=1, exit code 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pytest==9.2.0 pytest-run-parallel==0.10.0 2>/dev/null
cat >test_turns.py <<'PYTHON'
import itertools

import pytest

turns = itertools.count(1)


def test_skips_first():
    if next(turns) == 1:
        pytest.skip("not here")
    raise AssertionError


def test_skips_last():
    if next(turns) == 4:
        pytest.skip("not here")
    raise AssertionError


def test_never_skips():
    raise AssertionError
PYTHON
venv/bin/python - <<'PY'
import subprocess
import sys
from xml.etree import ElementTree

TESTS = {
    "test_skips_first": "skips first, then fails three times: ",
    "test_skips_last": "fails three times, then skips:       ",
    "test_never_skips": "fails four times:                    ",
}
seen = []
for test, what in TESTS.items():
    words = ["-q", "--parallel-threads=4", "--junitxml=results.xml", f"test_turns.py::{test}"]
    done = subprocess.run([sys.executable, "-m", "pytest", *words], stdout=subprocess.PIPE, text=True)
    [suite] = ElementTree.parse("results.xml").getroot()
    seen.append((int(suite.get("skipped")), int(suite.get("failures")), done.returncode))
    print(what + "skipped={} failures={}, exit code {}".format(*seen[-1]))
sys.exit(seen != [(1, 0, 0), (1, 0, 0), (0, 1, 1)])
PY
