"""A Markdown file becomes what to read, to run and to test."""

from pathlib import Path

import pytest

from lessons.lesson import Claim, Command, Malformed, Prose, read

TEXT = """\
# Of echoes

Before.

```console
$ echo one \\
    two
one two
$ true
$ printf '\\n...'

...
$ date +%A \\
    --utc
Sunday
```

<!-- prints
$ date
...day
-->

<!--- invisible-code-block: python
seen = output
-->

<!-- for authors alone -->
Between, with *no* comment.

<!--- invisible-code-block: python
assert seen == "one"
-->

```text
$ no command
```
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "7-of-echoes.md"
    path.write_text(TEXT.replace("authors", 200 * "author "), encoding="utf-8")  # a minute's words
    return path


def claims(path: Path) -> list[Claim]:
    return [step for step in read(path).steps if isinstance(step, Claim)]


def test_a_lesson_has_its_files_number_its_title_and_its_steps_in_order(path: Path) -> None:
    lesson = read(path)
    assert (lesson.number, lesson.title, lesson.minutes) == ("7", "Of echoes", 1)  # no comments
    steps = ["a claim" if isinstance(step, Claim) else step for step in lesson.steps]
    assert steps == [
        Prose("# Of echoes\n\nBefore."),
        Command("echo one \\\n    two", ("one two",), None, line=6),
        Command("true", (), None, line=9),
        Command("printf '\\n...'", ("", "..."), None, line=10),
        Command("date +%A \\\n    --utc", ("...day",), ("Sunday",), line=13),
        "a claim",
        Prose("Between, with *no* comment."),
        "a claim",
        Prose("```text\n$ no command\n```"),
    ]


def test_claims_of_one_reading_share_their_names_and_see_the_output(path: Path) -> None:
    first, second = claims(path)
    first.test("one")
    second.test("")
    first.test("two")
    with pytest.raises(AssertionError):
        second.test("")
    with pytest.raises(NameError, match="seen"):
        claims(path)[1].test("")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("# Wrong\n\n```console\nhello\n```\n", r"7-of-echoes\.md:3: .* begins with a command"),
        ("hello\n", "does not begin with a title"),
        (TEXT.replace("$ date\n", "$ dates\n"), r"7-of-echoes\.md:5: no command .* with dates"),
    ],
)
def test_a_file_that_is_not_a_lesson_is_refused(path: Path, text: str, why: str) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Malformed, match=why):
        read(path)
