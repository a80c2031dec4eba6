"""Whether an output is what was expected, and which of its lines are worth showing."""

import pytest

from lessons.pattern import difference, pieces


@pytest.mark.parametrize(
    ("expected", "output", "told"),
    [
        ("a\nb", "a\nb\n", None),
        ("...", "", None),
        ("a\n...", "a\n", None),
        ("a\n...\nc\n...\ne", "a\nb\nc\nc\nd\ne\n", None),
        ("...\na\nb", "a\nc\na\nb\n", None),  # the first `a` is not the one
        ("x=... y", "x=1 2 3 y\n", None),
        ("A B", "A     B   \n", None),
        ("a\nb\nc", "a\nx\nc\n", "expected: b\ngot:      x"),
        ("a\nb", "a\n", "expected: b\ngot:      the end"),
        ("a", "a\nb\n", "expected: the end\ngot:      b"),
        ("...\nb\n...", "x\ny\n", "expected: b\ngot:      no such line, from line 1 on: x"),
        ("...\na\nb", "x\na\nc\n", "expected: b\ngot:      c"),
        ("x=... y", "x=1 z\n", "expected: x=... y\ngot:      x=1 z"),
        ("a b", "ab\n", "expected: a b\ngot:      ab"),
        ("a.", "ab\n", "expected: a.\ngot:      ab"),
    ],
)
def test_a_difference_shows_what_came_instead(expected: str, output: str, told: str | None) -> None:
    assert difference(expected.splitlines(), output) == told


@pytest.mark.parametrize(
    ("expected", "output", "shown"),
    [
        ("a b", "a    b\n", "+a    b"),
        ("...\nx=...\n...", "log\nx=1\nx=2\n", "-log,x=1 +x=2 -"),
        ("...\nhead\n+++\nfoot", "log\nlog\nhead\n--\n==\nfoot\n", "-log,log +head +--,== +foot"),
        ("+++", "", "+"),
        ("a", "b\n", None),
        ("a", "a\nb\n", None),
    ],
)
def test_three_dots_are_left_out_and_three_plus_signs_are_shown(
    expected: str, output: str, shown: str | None
) -> None:
    found = pieces(expected.splitlines(), output)
    if found is None:
        assert shown is None
    else:
        words = [("+" if piece.shown else "-") + ",".join(piece.lines) for piece in found]
        assert " ".join(words) == shown
