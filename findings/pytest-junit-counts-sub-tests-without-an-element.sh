#!/usr/bin/env bash
# pytest 9.2.0 with `--junitxml`: what the attributes of <testsuite> count if a test has sub-tests.
#
# The usual guess: `tests` is the number of <testcase> elements, `failures` that of the elements that have a <failure>;
# pytest 9 has sub-tests built in, so each has an element of its own.
# The behaviour: each sub-test is counted in `tests`, and each that fails in `failures`, but none has an element. The test
# has one <testcase> with a <failure> for each, and one more that says how many there were. So a grader that reckons the
# attributes and one that counts elements come to different marks for the same file.
#
# Output seen, 2026-11-29, CPython 3.11.7 (one test with four sub-tests, two of which fail, and one that passes):
#   attributes: tests=6 failures=3
#   elements:   tests=2 failures=1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pytest==9.2.0 2>/dev/null
cat >test_clients.py <<'PYTHON'
def test_each_client(subtests):
    for client in range(4):
        with subtests.test(client=client):
            assert client % 2 == 0


def test_one_more():
    pass
PYTHON
venv/bin/python -m pytest -q --junitxml=results.xml test_clients.py >/dev/null || true
venv/bin/python - <<'PY'
import sys
from xml.etree import ElementTree

[suite] = ElementTree.parse("results.xml").getroot()
cases = suite.findall("testcase")
attributes = int(suite.get("tests")), int(suite.get("failures"))
elements = len(cases), sum(case.find("failure") is not None for case in cases)
print("attributes: tests={} failures={}".format(*attributes))
print("elements:   tests={} failures={}".format(*elements))
sys.exit((attributes, elements) != ((6, 3), (2, 1)))
PY
