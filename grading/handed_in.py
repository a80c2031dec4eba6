"""What was handed in: a folder for each student, or what Moodle and Canvas make of a download.

    Jane Doe_4711_assignsubmission_file/server.py    Moodle
    doejane_LATE_4711_815_server-1.py                Canvas: no folders; -1 if handed in again

Feedback goes back under the same names: that is how both know whose it is.
"""

import hashlib
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CANVAS = re.compile(r"(?P<who>[^_]+)(?:_LATE)?_(?P<id>\d+)_(?P<file>\d+)_(?P<name>.+)")
AGAIN = re.compile(r"-\d+(?=\.\w+$)")
ONLINE_TEXT = re.compile(r"_assignsubmission_onlinetext_?$")  # Moodle's, beside the files
IGNORED = {"__MACOSX", "__pycache__", ".git", ".venv", ".DS_Store"}
PROGRAM, RECIPE = "server.py", "Dockerfile"
MOST = 1 << 28  # bytes of an archive, unpacked


class Unusable(Exception):
    """There is nothing to start; the text says why."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One student's."""

    name: str  # of its card
    files: Mapping[str, Path]  # names in its folder -> files and folders
    feedback: str  # where its feedback goes, in an archive of all feedback

    def stamp(self) -> str:
        """Another one if anything in it is another: names, sizes and times."""
        own = sorted(path for one in self.files.values() for path in (one, *_below(one)))
        facts = [(str(path), (at := path.lstat()).st_size, at.st_mtime_ns) for path in own]
        return hashlib.sha256(repr(facts).encode(errors="replace")).hexdigest()

    def put_into(self, folder: Path) -> None:
        """Copy it so that it can be built, whatever its modes; raises Unusable."""
        try:
            for name, source in self.files.items():
                _copy(source, folder / name)
            _settle(folder)
            _readable(folder)
        except (OSError, shutil.Error, zipfile.BadZipFile, RuntimeError) as error:
            raise Unusable(f"cannot be read: {error}") from None
        if not any((folder / name).is_file() for name in (PROGRAM, RECIPE)):
            raise Unusable(f"has neither {PROGRAM} nor a {RECIPE}")


def found_in(folder: Path, *, but: Path) -> list[Submission]:
    """The submissions in a folder, without the one that the results go to, in order."""
    shown = [path for path in _inside(folder) if not path.name.startswith(".")]
    own = [path for path in shown if path.is_dir() and not path.samefile(but)]
    named = [(CANVAS.fullmatch(path.name), path) for path in shown if path.is_file()]
    canvas: dict[str, dict[str, Path]] = {}
    feedback: dict[str, str] = {}
    for match, path in named:
        if match:
            who = f"{match['who']}_{match['id']}"
            canvas.setdefault(who, {})[AGAIN.sub("", match["name"])] = path
            feedback[who] = f"{who}_{match['file']}_feedback.txt"
    return [
        *(
            Submission(
                path.name, {one.name: one for one in _inside(path)}, f"{path.name}/feedback.txt"
            )
            for path in own
            if not ONLINE_TEXT.search(path.name)
        ),
        *(Submission(who, files, feedback[who]) for who, files in canvas.items()),
    ]


def _inside(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.name not in IGNORED]


def _copy(source: Path, to: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        ignore = shutil.ignore_patterns(*IGNORED)
        shutil.copytree(source, to, symlinks=True, ignore=ignore)
    else:
        shutil.copy(source, to, follow_symlinks=False)


def _settle(folder: Path) -> None:
    """Bring what is there to where it is looked for: out of one archive, one folder, one name."""
    while not {PROGRAM, RECIPE} & {path.name for path in folder.iterdir()}:
        programs = [path for path in _inside(folder) if path.suffix == ".py"]
        match programs, _inside(folder):
            case [program], _:
                program.rename(folder / PROGRAM)
            case [], [only] if zipfile.is_zipfile(only):
                _unpack(only, folder)
            case [], [only] if only.is_dir() and not only.is_symlink():
                away = only.rename(folder.with_name(f"{folder.name}-inside"))
                for path in away.iterdir():
                    path.rename(folder / path.name)
                away.rmdir()
            case _:
                return


def _unpack(archive: Path, folder: Path) -> None:
    packed = archive.rename(folder.with_name(f"{folder.name}.zip"))
    with _opened(packed) as opened:
        if sum(one.file_size for one in opened.infolist()) > MOST:
            raise OSError("its archive is too large")
        opened.extractall(folder)
    packed.unlink()
    for name in IGNORED:
        shutil.rmtree(folder / name, ignore_errors=True)


def _opened(archive: Path) -> zipfile.ZipFile:
    """With names in UTF-8, as macOS packs them without saying so; else in the DOS code page."""
    try:
        return zipfile.ZipFile(archive, metadata_encoding="utf-8")
    except UnicodeDecodeError:
        return zipfile.ZipFile(archive)


def _readable(folder: Path) -> None:
    """For whoever the image runs as: u=rwX,go=rX."""
    for path in [folder, *_below(folder)]:
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & 0o111
            path.chmod(0o755 if runs else 0o644)


def _below(folder: Path) -> Iterator[Path]:
    if folder.is_dir() and not folder.is_symlink():
        for path in folder.iterdir():
            yield path
            yield from _below(path)
