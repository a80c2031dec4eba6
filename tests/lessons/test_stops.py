"""A lesson becomes the stops of a walk."""

from pathlib import Path

import pytest

from lessons.lesson import Command, read
from lessons.stops import Stop, server_started_at, stops

LONG = " ".join(["word"] * 70)
TEXT = f"""\
# Of echoes

After this you can echo.

## Predict

Think.

1. What comes first,
   and *why*?
2. How many?

Write it down.

## Run

Before.

```console
$ true
$ echo so
so
$ false
```

<!--- invisible-code-block: python
assert not output
-->

```console
$ true
```

{LONG}

![A picture](of.svg)

{LONG}

Short.

## Why

Because.

<details>
<summary>The answers</summary>

1. One,
   of course.
2. Two.

</details>

The end.
"""


def test_a_stop_is_prose_with_commands_or_a_screenful_or_questions_or_answers(
    tmp_path: Path,
) -> None:
    path = tmp_path / "1-of-echoes.md"
    path.write_text(TEXT, encoding="utf-8")
    questions = "1. What comes first,\n   and *why*?\n2. How many?"
    assert stops(read(path)) == [
        Stop("", "After this you can echo."),
        Stop(
            "Predict",
            f"Think.\n\n{questions}\n\nWrite it down.",
            questions=("What comes first, and *why*?", "How many?"),
        ),
        Stop(
            "Run",
            "Before.",
            (Command("true", (), None, line=20), Command("echo so", ("so",), None, line=21)),
        ),
        Stop("Run", "", (Command("false", (), None, line=23),)),
        Stop("Run", "", (Command("true", (), None, line=31),)),
        Stop("Run", LONG),
        Stop("Run", f"{LONG}\n\nShort."),
        Stop("Why", "Because."),
        Stop("Why", answers=("One, of course.", "Two.")),
        Stop("Why", "The end."),
    ]


@pytest.mark.parametrize(
    ("commands", "step"),
    [
        ([], None),
        (["docker compose logs", "ls"], None),
        (["ls", "LANES_REPEAT=2 make demo", "ls"], 2),
        (["make demo", "LANES_WORK=spin docker compose up --detach server", "ls"], 2),
        (["docker compose --file a.yaml \\\n    up --detach"], 1),
        (["make demo", "make down", "ls"], None),
        (["make demo", "make down", "make demo", "ls"], 3),
    ],
)
def test_the_last_server_that_was_started_and_not_ended_may_have_to_be_started_again(
    commands: list[str], step: int | None
) -> None:
    past = [Stop("Run", commands=(Command(text, (), None, line=1),)) for text in commands]
    assert server_started_at(past) == step
