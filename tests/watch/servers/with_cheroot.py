"""HTTP by cheroot: one thread waits for all idle clients, four workers answer."""

import os
import sys
from pathlib import Path

words = f"cheroot --bind 127.0.0.1:{sys.argv[1]} --threads 4 --max-threads 4 --timeout 120"
os.chdir(Path(__file__).parent)
python = [sys.executable, "-m", *words.split(), "answering:application"]
os.execv(python[0], python)  # noqa: S606 - our own words
