"""HTTP by gunicorn: `sync` (a process that serves one request at a time) or `gthread`."""

import os
import sys
from pathlib import Path

_, kind, port = sys.argv
threads = 4 if kind == "gthread" else 1
words = f"gunicorn --bind 127.0.0.1:{port} --worker-class {kind} --threads {threads}"
patient = "--timeout 120 --keep-alive 120 --no-control-socket"
os.chdir(Path(__file__).parent)
python = [sys.executable, "-m", *words.split(), *patient.split(), "answering:application"]
os.execv(python[0], python)  # noqa: S606 - our own words
