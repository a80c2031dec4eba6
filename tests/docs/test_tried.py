"""The pages for engineers, followed to the letter in a copy of this repository."""

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.command import PATIENCE, ROOT
from tests.kit.http_get import LOOPBACK
from tests.kit.server_process import listening
from tests.kit.waiting import SECONDS

STEP = re.compile(r"^In `([\w./]+)`:\n\n```(diff|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.+)$", re.MULTILINE)
NEEDS_DOCKER = ("docker ", "make ")
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".*cache", "__pycache__", "build", "mutants")
OUR_OWN = re.compile(r"server/|\"server\"|-q server")  # what the Dockerfile calls the package


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT, tmp_path / "lab", ignore=NOT_COPIED)
    return tmp_path / "lab"


def follow(page: str, copy: Path) -> None:
    """Run the commands of a page and make its changes, in order."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    steps = [(one.start(), one) for kind in (STEP, COMMAND) for one in kind.finditer(text)]
    for _, step in sorted(steps, key=lambda one: one[0]):
        if step.re is STEP:
            change(copy / step[1], *step.group(2, 3))
        elif not step[1].startswith(NEEDS_DOCKER):
            run(step[1].replace("python3", sys.executable), copy)


def change(path: Path, kind: str, block: str) -> None:
    """Write a new file, or replace the old lines of a diff with its new ones."""
    if kind == "python":
        path.write_text(block, encoding="utf-8")
        return
    old, new = (
        "".join(f"{line[1:]}\n" for line in block.splitlines() if line[:1] in signs)
        for signs in (" -", " +")
    )
    before = path.read_text(encoding="utf-8")
    assert before.count(old) == 1, f"{path.name} has this {before.count(old)} times:\n{old}"
    path.write_text(before.replace(old, new), encoding="utf-8")


def run(command: str, copy: Path) -> None:
    words = ("bash", "-c", command)
    done = subprocess.run(
        words, cwd=copy, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", ["add-a-model.md", "add-a-check.md", "add-a-view.md"])
def test_the_tests_that_a_page_adds_pass(page: str, copy: Path) -> None:
    follow(page, copy)


def test_the_copied_service_answers_in_its_own_words(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow("copy-this-service.md", copy)
    monkeypatch.chdir(copy.parent / "shouting")
    assert OUR_OWN.findall(Path("Dockerfile").read_text(encoding="utf-8")) == []
    with (
        listening(sys.executable, "-m", "shouting", "--status-port", "0", "--port") as (_, port),
        socket.create_connection((LOOPBACK, port), SECONDS) as client,
    ):
        client.sendall("grüße\n".encode())
        lines = client.makefile(encoding="utf-8")
        assert [lines.readline() for _ in range(2)] == ["+OK Thread-1: ready\n", "GRÜSSE\n"]
