"""The examples of docs/testing.md, run as they would be in another project."""

import re
import sys
from pathlib import Path

from tests.kit.command import ROOT, run
from tests.kit.waiting import SECONDS

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples() -> list[str]:
    """Return the page's Python blocks: a test with its server, and another server for the test."""
    return BLOCK.findall((ROOT / "docs" / "testing.md").read_text(encoding="utf-8"))


def tried(code: str, folder: Path, seconds: float = SECONDS) -> str:
    """Run pytest on this code, with the plugin and without our configuration; return its output.

    The time-outs become those of our own tests, and `seconds` for the threads.
    """
    patient = code.replace(", port=", f", timeout={SECONDS}, port=")
    path = folder / "test_example.py"
    path.write_text(patient.replace("(3)\n", f"(3, timeout={seconds})\n"), encoding="utf-8")
    plugins = ("-p", "lanes.testing", "-p", "no:cacheprovider")
    return run(sys.executable, "-m", "pytest", "-W", "error", *plugins, path).stdout
