"""Programs that stand in for real ones."""

from pathlib import Path

import pytest


def put(folder: Path, name: str, text: str) -> None:
    """Create the program; the first line of the text names its interpreter."""
    program = folder / name
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)


def put_on_path(patch: pytest.MonkeyPatch, folder: Path, name: str, text: str) -> None:
    """Create the program, and put its folder first on the PATH."""
    put(folder, name, text)
    patch.setenv("PATH", str(folder), prepend=":")
