"""On Windows, no command fails silently for want of a module; checkouts have line feeds."""

import shutil
import sys
from pathlib import Path

from tests.kit.command import ROOT, Ran, run, well
from tests.kit.fake_server import CHUNK, GREET, HEAR, ONE, UNTIL_GONE, FakeServer

LACKS = ("fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty")
START = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({LACKS}))
runpy.run_module(sys.argv.pop(1), run_name="__main__")
"""


def start(*words: str, says: str = "") -> Ran:
    """Run one of our packages on a Python without the modules that Windows lacks."""
    return run(sys.executable, "-c", START, *words, says=says)


def test_the_client_needs_nothing_that_windows_lacks() -> None:
    with FakeServer([[GREET, HEAR, ONE, UNTIL_GONE]] * 2) as server:
        words = ("--server", str(server.address))
        done = start("client", "run", *words, "--script", "-", says="Hey\n")
        assert (done.returncode, done.stderr) == (0, "")
        done = start("client", "chat", *words, says="n\n")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("Received from the server : one\n")


def test_lanes_check_works_on_windows_and_lanes_watch_says_that_it_does_not() -> None:
    with FakeServer([[CHUNK, b"Today", UNTIL_GONE]] * 3) as server:
        done = start("lanes", "check", str(server.address), "--only", "answers")
        assert (done.returncode, done.stderr) == (0, "")
    for words in (["watch", "--port", "2022"], ["watch", "--", "python3", "server.py"]):
        done = start("lanes", *words)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("Error: Not on this system: it has no module `resource`.")
        assert len(done.stderr.splitlines()) == 1
    assert "watch" in start("lanes", "--help").stdout


def test_the_server_says_in_one_line_that_windows_cannot_run_it_and_what_can() -> None:
    done = start("server", "--port", "0")
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("Error: Not on this system: it has no module `")
    assert line.endswith("; `python -m client` and `python -m lanes check` work here too.")


def test_a_checkout_by_git_for_windows_has_line_feeds(tmp_path: Path) -> None:
    git = ("git", "-C", str(tmp_path), "-c", "core.autocrlf=true", "-c", "core.safecrlf=false")
    well("git", "init", "--quiet", str(tmp_path))
    names = [".gitattributes", "scripts/demo", "grading/check-program", "compose.yaml"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    well(*git, "add", ".")
    for name in names[1:]:
        (tmp_path / name).unlink()
    well(*git, "checkout", "--", ".")
    assert not any(b"\r" in (tmp_path / name).read_bytes() for name in names)
