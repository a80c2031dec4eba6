"""The examples of docs/testing.md, run as somebody else's tests."""

import re
import sys
from pathlib import Path

from tests.kit.command import ROOT, run
from tests.kit.waiting import SECONDS

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples() -> list[str]:
    """Its Python blocks: a test and its server, and another server for the same test."""
    return BLOCK.findall((ROOT / "docs" / "testing.md").read_text(encoding="utf-8"))


def tried(code: str, folder: Path, seconds: float = SECONDS) -> str:
    """What pytest says of this code, with the plugin and without our configuration.

    It waits as long as tests do here, and `seconds` for the threads.
    """
    patient = code.replace(", port=", f", timeout={SECONDS}, port=")
    path = folder / "test_example.py"
    path.write_text(patient.replace("(3)\n", f"(3, timeout={seconds})\n"), encoding="utf-8")
    plugins = ("-p", "lanes.testing", "-p", "no:cacheprovider")
    return run(sys.executable, "-m", "pytest", "-W", "error", *plugins, path).stdout
