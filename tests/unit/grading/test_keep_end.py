"""`grading/keep_end.py`: a server's output in a file of limited size."""

import subprocess
import sys
from pathlib import Path

from tests.kit.command import PATIENCE, ROOT

KEEP = ROOT / "grading" / "keep_end.py"
LIMIT = 1 << 20


def test_endless_output_keeps_its_end_and_short_output_everything(tmp_path: Path) -> None:
    lines = b"".join(b"%d %s\n" % (number, b"x" * 1000) for number in range(5000))
    for printed in (lines, b"Hey\n"):
        kept = tmp_path / "server.log"
        words = [sys.executable, str(KEEP), kept.name]
        subprocess.run(words, cwd=tmp_path, input=printed, timeout=PATIENCE, check=True)
        assert printed.endswith(kept.read_bytes())
        assert min(LIMIT, len(printed)) <= kept.stat().st_size <= 2 * LIMIT
