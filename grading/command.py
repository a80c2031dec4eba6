"""The command `grading/grade`: reads the command line, the environment and .env, and grades."""

import os
import re
import shutil
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from grading.archive import BROKEN, unpack
from grading.book import read_weights
from grading.handed_in import found_in
from grading.image import HERE
from grading.results import Results
from grading.run import CHECKED, NOT_ALL, Grading
from grading.settings import PYTHON_IMAGE, Settings

MOST = 1 << 32  # bytes in an archive of all submissions, unpacked
FORMS = ("text", "json", "junit")
PROTOCOLS = ("handout", "lines")
USAGE = "usage: grading/grade [OPTION ...] SUBMISSIONS RESULTS"
IN_ENV_FILE = re.compile(r"^PYTHON_IMAGE=[\"']?([^\"'\n]+)", re.MULTILINE)


class Options(ArgumentParser):
    """A parser that reports a wrong option in one line."""

    def error(self, message: str) -> NoReturn:
        fail(f"{USAGE}: {message}")


def fail(why: str) -> NoReturn:
    """Print why nothing can be graded, and exit with 2."""
    print(f"grade: {why}", file=sys.stderr)
    sys.exit(2)


def main() -> int:
    """Return 0 if every submission could be checked, whatever the results; 1 if one could not."""
    given = options().parse_args()
    with TemporaryDirectory() as place:
        if given.submissions.is_file():
            given.submissions = unpacked(given.submissions, Path(place))
        return grade(given)


def unpacked(archive: Path, place: Path) -> Path:
    """Unpack a download from Moodle or Canvas; return the folder, named after the archive."""
    folder = place / archive.stem
    try:
        unpack(archive, folder, MOST)
    except BROKEN as error:
        fail(f"{archive} cannot be unpacked: {error}")
    return folder


def grade(given: Namespace) -> int:
    """Grade all submissions; return the exit code."""
    if not given.submissions.is_dir():
        fail(f"{USAGE}, and SUBMISSIONS is a folder of folders, or a zip of them")
    given.results.mkdir(parents=True, exist_ok=True)
    submissions = found_in(given.submissions, but=given.results)
    if not submissions:
        fail(f"no submissions in {given.submissions.resolve()}")
    settings = settings_of(given)
    if not shutil.which("docker"):
        fail("`docker` is not installed: run scripts/ensure-engine")
    inspect = ["docker", "image", "inspect", settings.checker]
    if subprocess.run(inspect, capture_output=True, check=False).returncode:
        fail("the checker image is missing: run `make images`")
    try:
        weights = read_weights(given.weights)
    except (OSError, ValueError) as error:
        fail(f"{given.weights} cannot be read as weights: {error}")
    results = Results(given.results, settings.form, weights, settings)
    code = Grading(submissions, results, settings, given.at_once).run()
    if code in {CHECKED, NOT_ALL} and (unknown := results.unknown_weights()):
        names = ", ".join(unknown)
        print(f"grade: weights for checks that appear on no card: {names}", file=sys.stderr)
    return code


def options() -> Options:
    """Return the parser of the command line."""
    parser = Options(prog="grading/grade", description="Check every submission in a folder.")
    parser.add_argument("submissions", type=Path, metavar="SUBMISSIONS")
    parser.add_argument("results", type=Path, metavar="RESULTS")
    form, builds = os.environ.get("FORMAT", "text"), os.environ.get("BUILD_SECONDS", "300")
    parser.add_argument(
        "--format", choices=FORMS, default=form, help="format of the scorecards [env FORMAT]"
    )
    parser.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        default="handout",
        help="protocol that `lanes check` speaks",
    )
    parser.add_argument("--timeout", type=float, default=3, help="seconds for each answer")
    parser.add_argument("--wait", type=float, default=10, help="seconds until a server listens")
    parser.add_argument(
        "--build-seconds",
        type=float,
        default=builds,
        help="seconds an image may take to build [env BUILD_SECONDS]",
    )
    parser.add_argument("--at-once", type=int, default=2, help="submissions graded at a time")
    parser.add_argument(
        "--weights", type=Path, default=HERE / "weights.toml", help="points by check: NAME = POINTS"
    )
    return parser


def settings_of(given: Namespace) -> Settings:
    """Return the settings from the options, the environment and .env."""
    if given.format not in FORMS or given.at_once < 1:
        fail(f"{USAGE}: FORMAT is text, json or junit, and --at-once at least 1")
    if not 0.1 <= given.timeout <= 20 or not 0 <= given.wait <= 600:  # noqa: PLR2004 - `check`'s limits
        fail(f"{USAGE}: --timeout is from 0.1 to 20, --wait from 0 to 600")
    base = os.environ.get("PYTHON_IMAGE", "")
    with suppress(OSError):  # scripts/ensure-base-image may name a stand-in there
        if not base and (found := IN_ENV_FILE.findall((HERE.parent / ".env").read_text())):
            base = found[-1]
    return Settings(
        given.format,
        given.protocol,
        given.timeout,
        given.wait,
        given.build_seconds,
        base or PYTHON_IMAGE,
        f"{os.environ.get('LANES_REGISTRY', '')}thread-lanes",
    )
