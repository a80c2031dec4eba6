"""What `make lint` reports about prose: scripts/prose.py."""

import re
import sys
from pathlib import Path

import pytest

from tests.kit.command import run

PAGE = """
# A page that has to be
mended

It runs `for ever` <!-- for ever --> [x](for-ever.md).

```console
$ echo for ever
```

A client can wait at the
most 5 s, in a very unique queue.
"""
PROGRAM = '''
"""It is mended."""

named = "who"  # it goes on for
# ever, besides
ended = f"{named} at the most"
'''
TEST = '''
"""It is mended."""

def test_who_waits_for_ever() -> None:
    """At the most once."""
    assert say("at the most")  # besides
'''
CLEAN = '"""It is fixed."""\n\nbesides = 1  # a name\n'


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("page.md", PAGE, [3, 11, 12]),
        ("program.py", PROGRAM, [2, 4, 5, 6]),
        ("test_program.py", TEST, [2, 4, 4, 5, 6]),
        ("clean.py", CLEAN, []),
    ],
)
def test_mannerisms_are_named_by_line_and_code_is_not_read(
    tmp_path: Path, name: str, text: str, lines: list[int]
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    done = run(sys.executable, "scripts/prose.py", path)
    named = re.findall(rf"^{re.escape(str(path))}:(\d+): ", done.stdout, re.MULTILINE)
    assert (list(map(int, named)), done.returncode) == (lines, bool(lines)), done.stdout
