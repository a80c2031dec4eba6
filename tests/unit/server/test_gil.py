"""Whether the GIL is on, which module switched it on, and that none of ours does."""

import sys
from types import ModuleType

import pytest

from server.chat import gil
from tests.kit.command import run
from tests.kit.gil import NEEDS_NO_GIL
from tests.kit.server_process import ServerProcess

FREE_THREADED = "t" in sys.abiflags
WARNED = "The global interpreter lock (GIL) has been enabled to load module 'fast.hash', which has"


@pytest.fixture(autouse=True)
def undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset PYTHON_GIL, which keeps the GIL off even if a test's import needs it."""
    monkeypatch.delenv("PYTHON_GIL", raising=False)


@pytest.mark.parametrize("package", ["server", "client", "lanes"])
def test_no_import_of_a_package_switches_the_gil_on(package: str) -> None:
    done = run(sys.executable, "-c", NEEDS_NO_GIL, package)
    assert done.returncode == 0, done.stderr


def test_the_interpreter_says_whether_the_gil_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for on in (True, False):
        monkeypatch.setattr(sys, "_is_gil_enabled", lambda on=on: on, raising=False)
        assert gil.is_on() is on


def test_an_interpreter_that_cannot_be_asked_has_a_gil(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys, "_is_gil_enabled", raising=False)  # before 3.13
    assert gil.is_on()


def test_the_interpreters_warning_names_the_modules_that_switched_it_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    importer = ModuleType("importer")
    importer.__dict__["__warningregistry__"] = {"version": 1, (WARNED, RuntimeWarning, 3): True}
    monkeypatch.setitem(sys.modules, "importer", importer)
    assert gil.switched_on_for() == ["fast.hash"]


def test_the_log_and_the_document_say_whether_the_gil_is_on() -> None:
    with ServerProcess() as server:
        assert server.snapshot()["gil"] is not FREE_THREADED
        server.terminate()
        [bound] = server.events("bound")
    assert bound["python"] == f"{sys.version.split()[0]}{sys.abiflags}"
    assert bound["gil"] == ("off" if FREE_THREADED else "on")


WARNED_OF = f"""
import sys
import server.__main__
server.__main__.__warningregistry__ = {{({WARNED!r}, RuntimeWarning, 1): True}}
del sys.argv[1:4]  # python -m server
server.__main__.main()
"""


def test_the_log_warns_of_a_module_that_switched_the_gil_on() -> None:
    with ServerProcess(under=(sys.executable, "-c", WARNED_OF)) as server:
        server.terminate()
        [line] = [line for line in server.log() if line["level"] == "warning"]
    assert (line["event"], line["modules"]) == ("these modules need the GIL", ["fast.hash"])
