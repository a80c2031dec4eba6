"""A zip archive -> a folder: as a student packs a submission, or Moodle and Canvas all of them."""

import shutil
import zipfile
from pathlib import Path

IGNORED = {"__MACOSX", "__pycache__", ".git", ".venv", ".DS_Store"}

is_archive = zipfile.is_zipfile
BROKEN = (OSError, zipfile.BadZipFile, RuntimeError)


def unpack(archive: Path, folder: Path, most: int) -> None:
    """Unpack it, unless that would be more bytes than this; raises one of BROKEN."""
    with _opened(archive) as opened:
        if sum(one.file_size for one in opened.infolist()) > most:
            raise OSError("its archive is too large")
        opened.extractall(folder)
    for name in IGNORED:
        shutil.rmtree(folder / name, ignore_errors=True)


def inside(folder: Path) -> list[Path]:
    """What a folder has, but for what systems and tools leave there."""
    return [path for path in sorted(folder.iterdir()) if path.name not in IGNORED]


def _opened(archive: Path) -> zipfile.ZipFile:
    """With names in UTF-8, as macOS packs them without saying so; else in the DOS code page."""
    try:
        return zipfile.ZipFile(archive, metadata_encoding="utf-8")
    except UnicodeDecodeError:
        return zipfile.ZipFile(archive)
