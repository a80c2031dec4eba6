"""A program that takes another's place."""

from pathlib import Path

import pytest


def put(folder: Path, name: str, text: str) -> None:
    """Make it; its first line names its interpreter."""
    program = folder / name
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)


def put_on_path(patch: pytest.MonkeyPatch, folder: Path, name: str, text: str) -> None:
    """Make it, and have it found before all others of its name."""
    put(folder, name, text)
    patch.setenv("PATH", str(folder), prepend=":")
