"""System call numbers, compared with the machine's own headers."""

import platform
import re
from pathlib import Path

import pytest

from lanes.watch.syscalls import MACHINES, NUMBERS, names

# aarch64 uses the generic numbers, whose header is installed on every machine with headers.
HEADERS = {"x86_64": "asm/unistd_64.h", "aarch64": "asm-generic/unistd.h"}
DEFINED = re.compile(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", re.MULTILINE)


def header(machine: str) -> str:
    """Return the text of a machine's header; fail if it is not installed."""
    include = Path("/usr/include")
    for folder in (include, *sorted(include.glob(f"{platform.machine()}-linux-*"))):
        if (path := folder / HEADERS[machine]).exists():
            return path.read_text(encoding="utf-8")
    pytest.fail(f"no {HEADERS[machine]} under {include}: install linux-libc-dev", pytrace=False)


@pytest.mark.parametrize("machine", MACHINES)
def test_each_number_matches_the_headers_unless_it_is_newer(machine: str) -> None:
    if machine == "x86_64" and platform.machine() != machine:
        pytest.skip("only an x86-64 machine has its header")
    defined = {name: int(number) for name, number in DEFINED.findall(header(machine))}
    newest = max(defined.values())
    ours = {name: numbers[MACHINES.index(machine)] for name, numbers in NUMBERS.items()}
    known = {name: number for name, number in ours.items() if number and number <= newest}
    assert len(known) > 25
    assert known == {name: defined[name] for name in known}
    missing = {name for name, number in ours.items() if number is None}
    assert missing & defined.keys() == set()


def test_a_machine_knows_only_its_own_numbers() -> None:
    assert names("x86_64")[7] == "poll"
    assert "poll" not in names("aarch64").values()
    assert names("aarch64")[63] == names("x86_64")[0] == "read"
    assert names() == names(platform.machine())
    assert names("pdp11") == {}
