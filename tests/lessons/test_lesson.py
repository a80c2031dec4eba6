"""A Markdown file -> what there is to read, to run and to test."""

from pathlib import Path

import pytest

from lessons.lesson import Claim, Command, Malformed, Prose, Step, find, read

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
```

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
    path.write_text(TEXT, encoding="utf-8")
    return path


def steps_of(path: Path, kind: type[Step]) -> list[Step]:
    return [step for step in read(path).steps if isinstance(step, kind)]


def test_a_lesson_has_the_number_of_its_file_and_the_title_of_its_text(path: Path) -> None:
    lesson = read(path)
    assert (lesson.number, lesson.title, lesson.minutes) == ("7", "Of echoes", 1)


def test_a_block_has_several_commands_each_with_what_it_prints(path: Path) -> None:
    assert steps_of(path, Command) == [
        Command("echo one \\\n    two", ("one two",), line=6),
        Command("true", (), line=9),
        Command("printf '\\n...'", ("", "..."), line=10),
    ]


def test_prose_has_no_comments_and_keeps_what_is_not_run(path: Path) -> None:
    assert steps_of(path, Prose) == [
        Prose("# Of echoes\n\nBefore."),
        Prose("Between, with *no* comment."),
        Prose("```text\n$ no command\n```"),
    ]


def test_the_steps_are_in_the_order_of_the_text(path: Path) -> None:
    kinds = [type(step).__name__ for step in read(path).steps]
    assert kinds == ["Prose", *["Command"] * 3, "Claim", "Prose", "Claim", "Prose"]


def test_claims_share_their_names_and_see_the_output(path: Path) -> None:
    first, second = (step for step in read(path).steps if isinstance(step, Claim))
    first.test("one")
    second.test("")
    first.test("two")
    with pytest.raises(AssertionError):
        second.test("")


def test_names_last_no_longer_than_one_reading(path: Path) -> None:
    _, second = (step for step in read(path).steps if isinstance(step, Claim))
    with pytest.raises(NameError, match="seen"):
        second.test("")


def test_a_comment_is_not_counted_as_something_to_read(path: Path) -> None:
    hidden = f"<!-- {'word ' * 200} -->\n"
    path.write_text(f"# Short\n\n{hidden}{'word ' * 190}\n", encoding="utf-8")
    assert read(path).minutes == 1


def test_a_console_block_that_begins_with_output_is_refused(path: Path) -> None:
    path.write_text("# Wrong\n\n```console\nhello\n```\n", encoding="utf-8")
    with pytest.raises(Malformed, match=r"7-of-echoes\.md:3: .* begins with a command"):
        read(path)


def test_a_file_without_a_title_is_refused(path: Path) -> None:
    path.write_text("hello\n", encoding="utf-8")
    with pytest.raises(Malformed, match="does not begin with a title"):
        read(path)


def test_the_lessons_are_found_by_number_and_the_readme_is_none() -> None:
    found = find()
    assert list(found) == sorted(found, key=int)
    assert "README.md" not in {path.name for path in found.values()}
