"""A Python program that runs what it is given, one piece of code after the other."""

import json
import subprocess
import sys
from typing import Any, Self

OBEY = """
import json, os, socket, sys, threading, time
for line in sys.stdin:
    said = None
    exec(json.loads(line))
    print(json.dumps(said), flush=True)
"""


class Puppet:
    """Its main thread reads from a pipe in between; `under` are words to put before the command."""

    def __init__(self, *under: str) -> None:
        pipe = subprocess.PIPE
        words = [*under, sys.executable, "-S", "-c", OBEY]  # without site it starts sooner
        self.process = subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True)
        self.pid = self.process.pid  # or the one before, if that forks

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:
            self.process.kill()

    def tell(self, code: str) -> None:
        """Have it run this code, without waiting for it."""
        assert self.process.stdin
        self.process.stdin.write(f"{json.dumps(code)}\n")
        self.process.stdin.flush()

    def do(self, code: str) -> Any:  # noqa: ANN401 - whatever the code leaves in `said`
        self.tell(code)
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def start(self, call: str) -> int:
        """Have a thread make this call; return its number once it is about to."""
        return int(
            self.do(f"""
ready = threading.Event()
thread = threading.Thread(target=lambda: (ready.set(), {call}), daemon=True)
thread.start()
ready.wait()
said = thread.native_id
""")
        )
