#!/usr/bin/env bash
# gradescope-utils 0.5.0, `JSONTestRunner`: which tests are in the results that the grade book reads.
#
# The usual guess: all that ran, each with its `@weight` as max_score; what did not pass has 0 points.
# The behaviour: a test with a failed `subTest`, a skipped one, and an expected failure are not in the list at all: their
# points are neither given nor missing, and a submission with one failed sub-test has 5 of 5 instead of 5 of 10.
# A `setUpClass` that raises (the server did not start) ends the runner with AttributeError before any result is written.
#
# Output seen, 2026-11-29, CPython 3.11.7:
#   listed: test_passes, score 5 of 5
#   after a setUpClass that raises: AttributeError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gradescope-utils==0.5.0 2>/dev/null
"$folder/venv/bin/python" - 2>/dev/null <<'PY'
import io
import json
import sys
import unittest

from gradescope_utils.autograder_utils.decorators import weight
from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner


class Answers(unittest.TestCase):
    @weight(5)
    def test_passes(self):
        pass

    @weight(5)
    def test_has_a_failed_sub_test(self):
        for client in range(3):
            with self.subTest(client=client):
                self.assertEqual(client, 0)

    @weight(5)
    @unittest.skip("not today")
    def test_is_skipped(self):
        pass

    @weight(5)
    @unittest.expectedFailure
    def test_is_expected_to_fail(self):
        self.fail()


class NoServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise ConnectionRefusedError

    @weight(5)
    def test_answers(self):
        pass


def results(case):
    output = io.StringIO()
    JSONTestRunner(stream=output, visibility="visible").run(unittest.defaultTestLoader.loadTestsFromTestCase(case))
    return json.loads(output.getvalue())


found = results(Answers)
listed = [test["name"].split()[0] for test in found["tests"]]
most = sum(test["max_score"] for test in found["tests"])
print(f"listed: {', '.join(listed)}, score {found['score']} of {most}")
try:
    results(NoServer)
    raised = "nothing"
except AttributeError as error:
    raised = type(error).__name__
print("after a setUpClass that raises:", raised)
sys.exit((listed, found["score"], most, raised) != (["test_passes"], 5, 5, "AttributeError"))
PY
