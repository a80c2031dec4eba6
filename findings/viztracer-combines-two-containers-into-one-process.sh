#!/usr/bin/env bash
# viztracer 1.1.1, `viztracer --combine`: the traces of two processes that have the same number, as in two containers.
#
# The usual guess: two processes in the picture, as the files are two; or a word that the numbers collide.
# The behaviour: events are laid together by the process and thread number that each container gave, which is 1 and 1 (or
# 7 and 7) in both. Two servers become one process with one thread, whose calls seem to interrupt each other.
# So: give every file's processes numbers of their own before they are combined.
#
# It needs `unshare` (util-linux) and the right to make a process namespace. Output seen, 2026-11-29, CPython 3.11.7:
#   one:      process 1, thread 1
#   other:    process 1, thread 1
#   combined: process 1, thread 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check viztracer==1.1.1 2>/dev/null
cat >server.py <<'PYTHON'
def serve():
    pass


for _ in range(5):
    serve()
PYTHON
for name in one other; do
    unshare --user --map-root-user --pid --fork --mount-proc \
        venv/bin/python -m viztracer --quiet --output_file "$name.json" server.py
done
venv/bin/python -m viztracer --combine one.json other.json --output_file combined.json >/dev/null
venv/bin/python - <<'PY'
import json
import sys

found = []
for name in ("one", "other", "combined"):
    with open(f"{name}.json") as trace:
        events = json.load(trace)["traceEvents"]
    lanes = sorted({(event["pid"], event["tid"]) for event in events if event["ph"] == "X"})
    print(f"{name + ':':9}", "; ".join("process {}, thread {}".format(*lane) for lane in lanes))
    found.append(lanes)
sys.exit(found != [[(1, 1)]] * 3)
PY
