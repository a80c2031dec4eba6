"""Copies a submission so that it can be built: unpacked, at the top of its folder, readable."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from grading.archive import BROKEN, IGNORED, inside, is_archive, unpack

MOST = 1 << 28  # bytes in an archive, unpacked
PROGRAM, RECIPE = "server.py", "Dockerfile"


class Unusable(Exception):
    """The submission cannot be started; the text says why."""


def stage(files: Mapping[str, Path], folder: Path) -> None:
    """Copy the files into an empty folder; raises Unusable."""
    try:
        for name, source in files.items():
            _copy(source, folder / name)
        _settle(folder)
        _make_readable(folder)
    except (*BROKEN, shutil.Error) as error:
        raise Unusable(f"cannot be read: {error}") from None
    if not any((folder / name).is_file() for name in (PROGRAM, RECIPE)):
        *some, last = [path.name for path in inside(folder)] or [""]
        there = f"{', '.join(some)} and {last}" if some else last
        none = f"has neither {PROGRAM} nor a {RECIPE}, only {there}"
        raise Unusable(none if there else "is empty")


def below(folder: Path) -> Iterator[Path]:
    """Yield everything in a folder, recursively, without following symbolic links."""
    if folder.is_dir() and not folder.is_symlink():
        for path in folder.iterdir():
            yield path
            yield from below(path)


def _copy(source: Path, to: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        ignore = shutil.ignore_patterns(*IGNORED)
        shutil.copytree(source, to, symlinks=True, ignore=ignore)
    else:
        shutil.copy(source, to, follow_symlinks=False)


def _settle(folder: Path) -> None:
    """Unpack a lone archive or folder, or rename a lone .py file, to get server.py at the top."""
    while not {PROGRAM, RECIPE} & {path.name for path in folder.iterdir()}:
        programs = [path for path in inside(folder) if path.suffix == ".py"]
        match programs, inside(folder):
            case [program], _:
                program.rename(folder / PROGRAM)
            case [], [only] if is_archive(only):
                packed = only.rename(folder.with_name(f"{folder.name}.zip"))
                unpack(packed, folder, MOST)
                packed.unlink()
            case [], [only] if only.is_dir() and not only.is_symlink():
                away = only.rename(folder.with_name(f"{folder.name}-inside"))
                for path in away.iterdir():
                    path.rename(folder / path.name)
                away.rmdir()
            case _:
                return


def _make_readable(folder: Path) -> None:
    """Set modes u=rwX,go=rX, because the image may run as any user."""
    for path in [folder, *below(folder)]:
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & 0o111
            path.chmod(0o755 if runs else 0o644)
