"""A Python process that runs the pieces of code that it is sent, one after the other."""

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
    """Between two pieces its main thread reads from a pipe; `under` precedes the command."""

    def __init__(self, *under: str) -> None:
        pipe = subprocess.PIPE
        words = [*under, sys.executable, "-S", "-c", OBEY]  # starts sooner without site
        self.process = subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True)
        self.pid = self.process.pid  # or that of the command `under`, if it forks

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:
            self.process.kill()

    def tell(self, code: str) -> None:
        """Send it code to run, and do not wait for the result."""
        assert self.process.stdin
        self.process.stdin.write(f"{json.dumps(code)}\n")
        self.process.stdin.flush()

    def do(self, code: str) -> Any:  # noqa: ANN401 - whatever the code leaves in `said`
        self.tell(code)
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def start(self, call: str) -> int:
        """Make this call in a new thread; return the thread's native id just before the call."""
        return int(
            self.do(f"""
ready = threading.Event()
thread = threading.Thread(target=lambda: (ready.set(), {call}), daemon=True)
thread.start()
ready.wait()
said = thread.native_id
""")
        )
