"""A lesson is a Markdown file: prose, commands with their output, and claims about the output.

A command is in a fenced `console` block: it begins with `$ `, and continues on the next line if a
line ends in a backslash. Its output follows, up to the next command. If the output differs from run
to run, the block shows one run, and a comment below the block (`<!-- prints`) has the pattern: a
line with the beginning of the command, then what every run prints. A claim is Python in an
invisible block (an HTML comment, `invisible-code-block: python`), where `output` is what the last
command printed; all claims of a lesson share one namespace.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.abstract import AbstractCodeBlockParser
from sybil.parsers.markdown.lexers import DirectiveInHTMLCommentLexer, FencedCodeBlockLexer

ROOT = Path(__file__).parents[1]  # the commands run here
FOLDER = ROOT / "docs" / "lessons"
WORDS_A_MINUTE = 200

# A claim's example ends before the arrow that closes its comment.
# Text between `run` or `page` and `end` is about the page, not a part of the lesson.
COMMENT = re.compile(r"\A--+>|<!-- (?:run|page) -->.*?<!-- end -->|<!--.*?-->", re.DOTALL)
COMMAND = re.compile(r"^\$ (?P<command>(?:.*\\\n)*.*)\n(?P<printed>(?:(?!\$ ).*\n)*)", re.MULTILINE)
PATTERNS = re.compile(r"\s*<!-- prints\n(.*?)-->", re.DOTALL)


class Malformed(Exception):
    """The file is not a lesson; the text says where and why."""


@dataclass(frozen=True)
class Prose:
    """Markdown between the commands, without comments."""

    text: str


@dataclass(frozen=True)
class Command:
    """A command, and the lines that it has to print; if there are none, any output is right."""

    text: str
    expected: tuple[str, ...]
    run: (
        tuple[str, ...] | None
    )  # what the page shows instead, if the output differs from run to run
    line: int  # where it begins in the file


@dataclass(frozen=True)
class Claim:
    """A claim about the last command's output."""

    example: Example

    def test(self, output: str) -> None:
        """Run the claim's Python; raises what that raises."""
        self.example.namespace["output"] = output
        self.example.evaluate()


Step = Prose | Command | Claim


@dataclass(frozen=True)
class Lesson:
    """The steps of one file, in order. The claims' namespace lives as long as this object."""

    path: Path
    title: str
    minutes: int  # to read it
    steps: tuple[Step, ...]

    @property
    def number(self) -> str:
        return number_of(self.path)

    @property
    def commands(self) -> list[Command]:
        return [step for step in self.steps if isinstance(step, Command)]


def find() -> dict[str, Path]:
    """Return the files of all lessons by number, in order."""
    paths = sorted(FOLDER.glob("[0-9]*.md"), key=lambda path: int(number_of(path)))
    return {number_of(path): path for path in paths}


def number_of(path: Path) -> str:
    """Return a lesson's number from the file name: 2-where-does-client-n-wait.md is lesson 2."""
    return path.name.split("-")[0]


def read(path: Path) -> Lesson:
    """Return the lesson in a file; raises Malformed."""
    sybil = Sybil(
        [
            AbstractCodeBlockParser(
                [FencedCodeBlockLexer("console")], "console", _run_elsewhere, "language"
            ),
            AbstractCodeBlockParser(
                [DirectiveInHTMLCommentLexer("invisible-code-block", "python")],
                "python",
                PythonEvaluator(),
            ),
        ]
    )
    document = sybil.parse(path)
    title = re.match(r"# (.+)\n", document.text)
    if title is None:
        raise Malformed(f"{path} does not begin with a title")
    steps: list[Step] = []
    end = 0
    for example in document.examples():
        steps += _prose(document.text[end : example.start])
        steps += _steps(example, document.text)
        end = example.end
    steps += _prose(document.text[end:])
    minutes = math.ceil(_words(document.text, steps) / WORDS_A_MINUTE)
    return Lesson(path, title[1], minutes, tuple(steps))


def _words(text: str, steps: Iterable[Step]) -> int:
    """Count the words to read, without output that differs from run to run: readers skim that."""
    looked_at = [step.run or () for step in steps if isinstance(step, Command)]
    return len(COMMENT.sub("", text).split()) - len(" ".join(chain(*looked_at)).split())


def _run_elsewhere(_example: Example) -> None:
    """Do nothing: Sybil only finds the commands; the reader or `check` runs them."""


def _prose(text: str) -> Iterator[Prose]:
    text = COMMENT.sub("", text).strip()
    if text:
        yield Prose(text)


def _steps(example: Example, text: str) -> Iterator[Step]:
    if "language" not in example.region.lexemes:
        yield Claim(example)
        return
    where = f"{example.path}:{example.line}"
    block = str(example.parsed)
    if not block.startswith("$ "):
        raise Malformed(f"{where}: a console block begins with a command")
    patterns = _patterns(text, example.end)
    for match in COMMAND.finditer(block):
        line = example.line + 1 + block.count("\n", 0, match.start())
        printed = tuple(match["printed"].splitlines())
        begins = [begin for begin in patterns if match["command"].startswith(begin)]
        if begins:
            yield Command(match["command"], patterns.pop(begins[0]), printed, line)
        else:
            yield Command(match["command"], printed, None, line)
    if patterns:
        raise Malformed(f"{where}: no command of the block begins with {min(patterns)}")


def _patterns(text: str, end: int) -> dict[str, tuple[str, ...]]:
    """Return the patterns right below a block, by the beginnings of their commands."""
    comment = PATTERNS.match(text, end)
    found = COMMAND.finditer(comment[1]) if comment else ()
    return {match["command"]: tuple(match["printed"].splitlines()) for match in found}
