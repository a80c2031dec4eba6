#!/usr/bin/env bash
# pytest-rerunfailures 16.7 with pytest 9.2.0 and `--junitxml`: a test that fails twice and passes at its third try.
#
# The usual guess: one <testcase>, passed; or three, two of which say <failure> or <rerunFailure> as Maven's do.
# The behaviour: three <testcase> elements of the same name, none of which says anything: to a reader three passed tests.
# `tests` is 1. So what fails now and then gets three times the points of what is right, and looks flawless.
#
# Output seen, 2026-11-29, CPython 3.11.7:
#   tests=1, elements: 3, of which say anything: 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pytest==9.2.0 pytest-rerunfailures==16.7 2>/dev/null
cat >test_server.py <<'PYTHON'
tries = []


def test_answers():
    tries.append(1)
    assert len(tries) == 3
PYTHON
venv/bin/python -m pytest -q --reruns 3 --junitxml=results.xml test_server.py >/dev/null
venv/bin/python - <<'PY'
import sys
from xml.etree import ElementTree

[suite] = ElementTree.parse("results.xml").getroot()
cases = suite.findall("testcase")
found = int(suite.get("tests")), len(cases), sum(len(case) > 0 for case in cases)
print("tests={}, elements: {}, of which say anything: {}".format(*found))
sys.exit(found != (1, 3, 0))
PY
