"""The checker can fail: a lesson with a false claim is broken, and the error says where."""

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


def command(words: str, output: str = "") -> str:
    return f"# Of one command\n\n```console\n$ {words}\n{output}```\n"


@pytest.mark.parametrize(
    ("text", "wrong", "printed"),
    [
        (
            TRUE.replace("\none\n", "\nuno\n"),
            "4: $ echo one; echo two; echo three\nexpected: uno\ngot:      one\n",
            "one\ntwo\nthree\n",
        ),
        (
            TRUE.replace('output == "whatever\\n"', "not output"),
            "14: a claim failed: AssertionError()\nassert not output\n",
            "whatever\n",
        ),
        (command("echo so; exit 4", "so\n"), "4: $ echo so; exit 4\nexit code 4\n", "so\n"),
        (command("sleep 1000"), "4: $ sleep 1000\nit did not end within 0.5 s\n", ""),
    ],
)
def test_a_true_lesson_passes_and_a_false_one_shows_what_came_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, wrong: str, printed: str
) -> None:
    path = tmp_path / "1-of-echoes.md"
    path.write_text(TRUE, encoding="utf-8")
    check(read(path))
    path.write_text(text, encoding="utf-8")
    if "sleep" in text:
        monkeypatch.setattr(checking, "PATIENCE", 0.5)
    with pytest.raises(Broken) as broken:
        check(read(path))
    assert str(broken.value).startswith(f"1-of-echoes.md:{wrong}")
    assert str(broken.value).endswith(f" printed:\n{printed}")
