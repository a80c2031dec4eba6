#!/usr/bin/env bash
# anyio 4.16.0 and trio 0.35.0: how long the threads of `to_thread.run_sync` stay after a burst of 30 calls.
#
# The usual guess: anyio ends a worker that has been idle for 10 s, on either backend, as trio does; the constant is there.
# The behaviour: on trio's event loop they are gone after 10 s. On asyncio's they stay: idle workers are only looked for
# when the next call comes, and then it is that call that ends them. A server that had one burst keeps all its threads
# until somebody asks again.
#
# Output seen, 2026-11-29, CPython 3.11.7 (threads beside the main one, 15 s after the burst):
#   anyio on asyncio: 30, after one more call: 1
#   anyio on trio: 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check anyio==4.16.0 trio==0.35.0 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
import os
import sys
import threading

import anyio
from anyio import to_thread


def others():
    return len(os.listdir("/proc/self/task")) - 1


async def burst(count):
    together = threading.Barrier(count)
    async with anyio.create_task_group() as group:
        for _ in range(count):
            group.start_soon(to_thread.run_sync, together.wait)


async def asyncio_backend():
    await burst(30)
    await anyio.sleep(15)
    idle = others()
    await burst(1)
    with anyio.move_on_after(5):
        while others() > 1:
            await anyio.sleep(0.05)
    return idle, others()


async def trio_backend():
    await burst(30)
    await anyio.sleep(15)
    return others()


on_trio = anyio.run(trio_backend, backend="trio")
on_asyncio = anyio.run(asyncio_backend, backend="asyncio")
print("anyio on asyncio: {}, after one more call: {}".format(*on_asyncio))
print("anyio on trio:", on_trio)
sys.exit((on_asyncio, on_trio) != ((30, 1), 0))
PY
