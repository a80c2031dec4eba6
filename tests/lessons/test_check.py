"""The checker can fail: a lesson that says what is not so is broken, and the error says where."""

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
$ echo whatever
```

<!--- invisible-code-block: python
assert output == "whatever\\n"
-->
"""


def checked(tmp_path: Path, text: str) -> None:
    path = tmp_path / "1-of-echoes.md"
    path.write_text(text, encoding="utf-8")
    check(read(path))


def test_a_true_lesson_passes_and_any_output_is_right_where_no_line_is_expected(
    tmp_path: Path,
) -> None:
    checked(tmp_path, TRUE)


@pytest.mark.parametrize(
    ("text", "wrong", "printed"),
    [
        (
            TRUE.replace("\none\n", "\nuno\n"),
            "4: $ echo one; echo two; echo three\nexpected: uno\ncame:     one\n",
            "one\ntwo\nthree\n",
        ),
        (
            TRUE.replace('output == "whatever\\n"', "not output"),
            "14: a claim does not hold: AssertionError()\nassert not output\n",
            "whatever\n",
        ),
        (
            "# It fails\n\n```console\n$ echo so; exit 4\nso\n```\n",
            "4: $ echo so; exit 4\nexit code 4\n",
            "so\n",
        ),
        (
            "# It does not end\n\n```console\n$ sleep 1000\n```\n",
            "4: $ sleep 1000\nit did not end within 0.5 s\n",
            "",
        ),
    ],
)
def test_what_is_not_so_breaks_a_lesson_and_is_told_with_what_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, wrong: str, printed: str
) -> None:
    if "sleep" in text:
        monkeypatch.setattr(checking, "PATIENCE", 0.5)
    with pytest.raises(Broken) as broken:
        checked(tmp_path, text)
    assert str(broken.value).startswith(f"1-of-echoes.md:{wrong}")
    assert str(broken.value).endswith(f" printed:\n{printed}")
