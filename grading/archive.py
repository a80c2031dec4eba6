"""Unpacks a zip archive: a student's submission, or all submissions from Moodle or Canvas."""

import shutil
import zipfile
from pathlib import Path

IGNORED = {"__MACOSX", "__pycache__", ".git", ".venv", ".DS_Store"}

is_archive = zipfile.is_zipfile
BROKEN = (OSError, zipfile.BadZipFile, RuntimeError)


def unpack(archive: Path, folder: Path, most: int) -> None:
    """Unpack an archive; raises one of BROKEN, also if it would have more than `most` bytes."""
    with _opened(archive) as opened:
        if sum(one.file_size for one in opened.infolist()) > most:
            raise OSError("its archive is too large")
        opened.extractall(folder)
    for name in IGNORED:
        shutil.rmtree(folder / name, ignore_errors=True)


def inside(folder: Path) -> list[Path]:
    """Return what is in a folder, without the files that systems and tools leave there."""
    return [path for path in sorted(folder.iterdir()) if path.name not in IGNORED]


def _opened(archive: Path) -> zipfile.ZipFile:
    """Open it; names are in UTF-8, which macOS does not declare, or else in the DOS code page."""
    try:
        return zipfile.ZipFile(archive, metadata_encoding="utf-8")
    except UnicodeDecodeError:
        return zipfile.ZipFile(archive)
