"""The checker can fail: a lesson that says what is not so is broken, and one is told where."""

from pathlib import Path

import pytest

from lessons import check as checking
from lessons.check import Broken, check
from lessons.lesson import read

TRUE = """\
# Of echoes

```console
$ echo one; echo two; echo three
one
...
three
$ false; echo "exit code $?"
exit code 1
```

<!--- invisible-code-block: python
assert output == "exit code 1\\n"
-->
"""


def checked(tmp_path: Path, text: str) -> None:
    path = tmp_path / "1-of-echoes.md"
    path.write_text(text, encoding="utf-8")
    check(read(path))


def test_a_lesson_that_is_true_passes(tmp_path: Path) -> None:
    checked(tmp_path, TRUE)


def test_a_wrong_line_fails_and_is_told_with_what_came(tmp_path: Path) -> None:
    with pytest.raises(Broken) as broken:
        checked(tmp_path, TRUE.replace("\none\n", "\nuno\n"))
    assert str(broken.value).splitlines() == [
        "1-of-echoes.md:4: $ echo one; echo two; echo three",
        "expected: uno",
        "came:     one",
        "all that it printed:",
        "one",
        "two",
        "three",
    ]


def test_a_claim_that_does_not_hold_fails_and_is_told_with_the_output(tmp_path: Path) -> None:
    with pytest.raises(Broken) as broken:
        checked(tmp_path, TRUE.replace('== "exit code 1', '== "exit code 2'))
    told = str(broken.value)
    assert told.startswith("1-of-echoes.md:13: a claim does not hold: AssertionError()")
    assert 'assert output == "exit code 2' in told
    assert told.endswith("of what the last command printed:\nexit code 1\n")


def test_a_command_that_fails_breaks_the_lesson_whatever_it_prints(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="exit code 4"):
        checked(tmp_path, "# Exit\n\n```console\n$ echo so; exit 4\nso\n```\n")


def test_without_expected_lines_any_output_is_right(tmp_path: Path) -> None:
    checked(tmp_path, "# Any\n\n```console\n$ echo whatever\n```\n")


def test_a_command_that_does_not_end_breaks_the_lesson(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "PATIENCE", 0.5)
    with pytest.raises(Broken, match=r"did not end within 0\.5 s"):
        checked(tmp_path, "# Long\n\n```console\n$ sleep 1000\n```\n")
