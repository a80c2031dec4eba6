"""The output of one run of a lesson goes into its page."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from lessons import record
from lessons.check import Broken
from lessons.lesson import find, read
from lessons.pattern import difference
from lessons.record import NOTE, SECONDS, recorded
from lessons.shell import Ran

TEXT = """\
# Of echoes

<!-- run -->
<!-- end -->

<!-- page -->
<!-- end -->

```console
$ printf '%s\\n' log log \\
    'peak 3' | cat; seq 100 | tr '\\n' ,; echo; echo $PWD/log; seq -s, 100
...
peak 2
...
$ echo whatever
$ echo fixed
fixed
```

<!-- prints
$ printf
...
peak ...
1,2,...
+++
-->
"""
NUMBERS = ",".join(map(str, range(1, 101)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "1-of-echoes.md"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_page_shows_one_dated_run_with_wide_lines_cut(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "find", lambda: {"1": path})
    monkeypatch.setattr(record, "run", lambda *_, **__: Ran("1.2\n", 0, 0))
    CliRunner().invoke(record.main, ["1"], catch_exceptions=False)
    text = path.read_text(encoding="utf-8")
    before, _, after = text.partition(
        "...\npeak 3\n1,2,...\nlog\n" + NUMBERS[:107] + "...\n$ echo whatever\n$ echo fixed\n"
    )
    assert "from one run, on " in before
    assert ": Docker 1.2, Compose 1.2,\n1.2 in the containers and 3." in before
    assert "The slowest command took 0 s." in before
    assert after == TEXT.partition("$ echo fixed\n")[2]
    CliRunner().invoke(record.main, [], catch_exceptions=False)
    assert path.read_text(encoding="utf-8") == text


def test_a_run_that_differs_from_the_lesson_or_is_too_slow_is_not_shown(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "SECONDS", 0)
    with pytest.raises(Broken, match=r"md:16: \$ echo fixed\ntook 0 s; the limit is 0 s$"):
        recorded(read(path), TEXT, "")


RECORDED = [path for path in find().values() if "from one run" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded_runs_fit_their_patterns_and_no_command_took_long(
    path: Path,
) -> None:
    text = path.read_text(encoding="utf-8")
    for step in read(path).commands:
        if step.run is not None:
            assert difference(step.expected, "\n".join(step.run)) is None, step
            assert "+++" not in step.run, step
    note = NOTE.search(text)
    assert note
    assert int(note[1].partition("The slowest command took ")[2].split()[0]) <= SECONDS
