"""Finds the submissions in a folder: one folder per student, or a download from Moodle or Canvas.

    Jane Doe_4711_assignsubmission_file/server.py    Moodle; older versions add a final _
    Jane Doe_4711_assignsubmission_file_server.py    Moodle, without folders
    doejane_LATE_4711_815_server-1.py                Canvas; -1 if handed in again

Feedback uses the same names, because Moodle and Canvas match it to students by name.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grading.archive import inside
from grading.staging import below, stage

CANVAS = re.compile(r"(?P<who>[^_]+)(?:_LATE)?_(?P<id>\d+)_(\d+)_(?P<name>.+)")
CANVAS_FEEDBACK = "{0}_{1}_{2}_feedback.txt"
MOODLE = re.compile(r"(?P<who>.+)_(?P<id>\d+)_assignsubmission_file_(?P<name>.+)")
MOODLE_FOLDER = re.compile(r"(.+_\d+)_assignsubmission_file_?")
MOODLE_FEEDBACK = "{0}_{1}_assignsubmission_file/feedback.txt"
AGAIN = re.compile(r"-\d+(?=\.\w+$)")
ONLINE_TEXT = re.compile(r"_\d+_assignsubmission_onlinetext_?")  # Moodle's, next to the files


@dataclass(frozen=True, slots=True)
class Submission:
    """What one student handed in."""

    name: str  # also the card's
    files: Mapping[str, Path]  # name in the submission -> file or folder
    feedback: str  # path in the archive of all feedback

    def stamp(self) -> str:
        """Return a hash of all names, modes and contents, independent of where the files are."""
        stamp = hashlib.sha256()
        for name, file in sorted(self.files.items()):
            for path in sorted((file, *below(file))):
                is_file = path.is_file() and not path.is_symlink()
                content = hashlib.sha256(path.read_bytes() if is_file else b"").hexdigest()
                fact = name, str(path.relative_to(file)), path.lstat().st_mode, content
                stamp.update(repr(fact).encode(errors="replace"))
        return stamp.hexdigest()

    def put_into(self, folder: Path) -> None:
        """Copy the files into an empty folder, ready to be built; raises Unusable."""
        stage(self.files, folder)


def found_in(folder: Path, *, but: Path) -> list[Submission]:
    """Return the submissions in a folder, in order, except `but`, the folder of results.

    In an archive, they may be one level down, in a single folder.
    """
    match inside(folder):
        case [only] if only.is_dir() and any(map(_is_named, inside(only))):
            folder = only
    found, files = list[Submission](), dict[tuple[str, str], dict[str, Path]]()
    feedback: dict[str, str] = {}
    for path in inside(folder):
        if path.name.startswith(".") or ONLINE_TEXT.search(path.name):
            continue
        if path.is_dir():
            if not path.samefile(but):
                own = {one.name: one for one in inside(path)}
                match = MOODLE_FOLDER.fullmatch(path.name)
                name = match[1] if match else path.name
                found.append(Submission(name, own, f"{path.name}/feedback.txt"))
        elif match := CANVAS.fullmatch(path.name) or MOODLE.fullmatch(path.name):
            who, number, name = match["who"], match["id"], AGAIN.sub("", match["name"])
            files.setdefault((who, number), {})[name] = path
            template = CANVAS_FEEDBACK if match.re is CANVAS else MOODLE_FEEDBACK
            feedback[f"{who}_{number}"] = template.format(*match.groups())
    several = ((f"{who}_{number}", own) for (who, number), own in files.items())
    return found + [Submission(name, own, feedback[name]) for name, own in several]


def _is_named(path: Path) -> bool:
    """Return whether the name comes from Moodle or Canvas."""
    return any(form.fullmatch(path.name) for form in (CANVAS, MOODLE, MOODLE_FOLDER))
