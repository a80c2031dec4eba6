#!/usr/bin/env bash
# otter-grader 7.0.0, `otter check FILE -t TESTS`: what the exit code says.
#
# The usual guess: 0 if all tests pass, something else if one fails, as pytest and unittest have it, so that a step of CI
# or a shell's `&&` can go by it.
# The behaviour: 0 in both cases; only the text differs. A workflow that runs it is always green.
#
# Output seen, 2026-11-29, CPython 3.11.7:
#   right: All tests passed!, exit code 0
#   wrong: q1 results:, exit code 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
PATH=$folder/venv/bin:$PATH
pip install --quiet --disable-pip-version-check otter-grader==7.0.0 ipykernel==7.4.0 2>/dev/null
mkdir tests
cat >tests/q1.py <<'PYTHON'
OK_FORMAT = True
case = {"code": ">>> threads\n3", "hidden": False, "locked": False}
suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
test = {"name": "q1", "points": 1, "suites": [suite]}
PYTHON
echo "threads = 3" >right.py
echo "threads = 1" >wrong.py
found=
for name in right wrong; do
    code=0
    otter check "$name.py" -t tests >"$name.txt" 2>/dev/null || code=$?
    found+="$name: $(sed -n 1p "$name.txt"), exit code $code"$'\n'
done
printf %s "$found"
[ "$found" = $'right: All tests passed!, exit code 0\nwrong: q1 results:, exit code 0\n' ]
