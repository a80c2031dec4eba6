#!/usr/bin/env bash
# pytest-xdist 3.8.0 with pytest 9.2.0: tests of one `xdist_group` run in different workers.
#
# Usual guess: with `--dist loadgroup`, tests that share an `xdist_group` mark run one after the other in one worker, as
# the manual says; if the two versions did not fit, installing or running them would say so.
# What happens: xdist marks the group by changing the private `item._nodeid`. pytest 9.2 no longer makes `nodeid` of
# it, so each test is a group of its own. There is no warning; only shared state that two workers use at once tells.
# pytest 9.1.1 groups them. (pytest-xdist issue 1386.)
#
# Output seen, 2026-11-28, CPython 3.11.7 (workers that ran the ten tests of one group):
#   pytest 9.1.1: 1
#   pytest 9.2.0: 2
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >test_group.py <<'PYTHON'
import os
import time

import pytest


@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(10))
def test_in_the_group(number):
    time.sleep(0.1)
    with open(os.environ["WORKERS"], "a") as file:
        print(os.environ["PYTEST_XDIST_WORKER"], file=file)
PYTHON

python3 -m venv venv
said=''
for version in 9.1.1 9.2.0; do
    venv/bin/pip install --quiet --disable-pip-version-check "pytest==$version" pytest-xdist==3.8.0 2>/dev/null
    WORKERS=$folder/$version venv/bin/python -m pytest -q -n 2 --dist loadgroup test_group.py >/dev/null
    workers=$(sort -u "$version" | wc -l)
    echo "pytest $version: $workers"
    said+="$workers "
done
[ "$said" = "1 2 " ]
