#!/usr/bin/env bash
# green 4.0.2, a runner of unittest tests: a class whose `setUpClass` raises, because the server did not start.
#
# The usual guess: an error for the class, as unittest, pytest and nose2 have it; the exit code says so.
# The behaviour: the class is nowhere: no error, no skipped test, no line of the JUnit report. It says OK and exits with 0.
#
# Output seen, 2026-11-29, CPython 3.11.7 (two tests whose class cannot be set up, and one that passes elsewhere):
#   unittest: FAILED (errors=1), exit code 1
#   green:    OK (passes=1), exit code 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check green==4.0.2 2>/dev/null
cat >test_server.py <<'PYTHON'
import unittest


class Server(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise ConnectionRefusedError

    def test_greets(self):
        self.fail()

    def test_answers(self):
        self.fail()


class Client(unittest.TestCase):
    def test_starts(self):
        pass
PYTHON
run() {
    local code=0
    venv/bin/python -m "$1" test_server >"$1.txt" 2>&1 || code=$?
    echo "$(grep -E '^(OK|FAILED)' "$1.txt"), exit code $code"
}
unittest=$(run unittest)
green=$(run green)
echo "unittest: $unittest"
echo "green:    $green"
[ "$unittest" = "FAILED (errors=1), exit code 1" ] && [ "$green" = "OK (passes=1), exit code 0" ]
