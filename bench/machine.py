"""Describes this machine, so that readers can compare it with their own."""

import importlib.metadata
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import click

ASKED = """
import sys, sysconfig
profiled = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
print(sys.version.partition("(")[0].strip() + profiled * ", compiled with profiles (PGO)")
"""
LIBRARIES = ("gevent", "trio", "uvloop")


def describe() -> dict[str, str]:
    """Return the processor, memory, kernel, and the versions of what is measured."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores{_virtual()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "cores used": "core {} for the server, core {} for the load".format(*two_cores()),
        "Python": f"{platform.python_implementation()} {python_version(sys.executable)}",
        "C compiler": _first_line("cc", "--version"),
        "libraries": ", ".join(f"{one} {importlib.metadata.version(one)}" for one in LIBRARIES),
    }


def two_cores() -> tuple[int, int]:
    """Return one for the server and one for the load, not siblings on one core if avoidable.

    Raises ClickException if this process may use only one.
    """
    first, *others = sorted(os.sched_getaffinity(0))
    if not others:
        raise click.ClickException("two cores are needed: one for the server, one for the load.")
    return first, next((one for one in others if one not in siblings(first)), others[0])


def siblings(core: int) -> set[int]:
    """Return the logical processors that share a core with this one, itself included."""
    told = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
    ranges = [part.partition("-") for part in told.read_text().split(",")]
    return {one for first, _, last in ranges for one in range(int(first), int(last or first) + 1)}


def python_version(python: str) -> str:
    """Return an interpreter's version, and whether it was compiled with profiles (PGO)."""
    return _first_line(python, "-c", ASKED)


def free_threaded_python() -> str:
    """Return BENCH_PYTHON, after a test that our server and its imports run without a GIL.

    Raises ClickException otherwise: an extension not built for that switches the GIL back on.
    """
    python = os.environ.get("BENCH_PYTHON")
    if python is None:
        raise click.ClickException("BENCH_PYTHON has to name a CPython without a GIL.")
    asked = "import sys, server.__main__; sys.exit(sys._is_gil_enabled())"
    if subprocess.run([python, "-c", asked], check=False).returncode:  # noqa: S603
        raise click.ClickException(f"{python} does not run the server without a GIL.")
    return python


def other_pythons() -> list[str]:
    """Return the interpreters in BENCH_PYTHONS, which separates them with colons."""
    named = os.environ.get("BENCH_PYTHONS")
    if not named:
        raise click.ClickException("BENCH_PYTHONS has to name CPythons, with a colon between them.")
    return named.split(os.pathsep)


def with_the_gil(free: str) -> str:
    """Return the one in BENCH_PYTHONS of the same version as `free`; otherwise our own."""
    others = filter(None, os.environ.get("BENCH_PYTHONS", "").split(os.pathsep))
    return next((one for one in others if _release(one) == _release(free)), sys.executable)


def _release(python: str) -> str:
    return re.split("[ ,]", python_version(python))[0]


def commit() -> str:
    """Return the commit that is measured."""
    return _first_line("git", "rev-parse", "--short", "HEAD")


def _processor() -> str:
    return _of("/proc/cpuinfo", "model name") or platform.machine()


def _virtual() -> str:
    return " (of a virtual machine)" if " hypervisor" in _of("/proc/cpuinfo", "flags") else ""


def _of(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return ""


def _first_line(*words: str) -> str:
    ran = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603
    return ran.stdout.splitlines()[0]
