"""What machine this is, in facts that a reader can compare with theirs."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

LIBRARIES = ("gevent", "trio", "uvloop")


def describe() -> dict[str, str]:
    """Its processor, memory, kernel and the versions of what is measured."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores{_virtual()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "C compiler": _first_line("cc", "--version"),
        "libraries": ", ".join(f"{one} {importlib.metadata.version(one)}" for one in LIBRARIES),
    }


def python_version(python: str) -> str:
    """What an interpreter says of itself."""
    return _first_line(python, "-c", "import sys; print(sys.version.partition('(')[0].strip())")


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
