"""A lesson is a Markdown file: prose, commands with what they print, and claims about that.

A command stands in a fenced `console` block: it begins with `$ `, and goes on in the next line
where a line ends in a backslash. What follows, up to the next command, is what it prints. A claim
is Python in an invisible block (an HTML comment, `invisible-code-block: python`), where `output`
is what the last command printed; all claims of a lesson share their names.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.abstract import AbstractCodeBlockParser
from sybil.parsers.markdown.lexers import DirectiveInHTMLCommentLexer, FencedCodeBlockLexer

ROOT = Path(__file__).parents[1]  # where the commands are run
FOLDER = ROOT / "docs" / "lessons"
WORDS_A_MINUTE = 200

# A claim's example ends before the arrow that ends its comment.
COMMENT = re.compile(r"\A--+>|<!--.*?-->", re.DOTALL)
COMMAND = re.compile(
    r"^\$ (?P<command>(?:.*\\\n)*.*)\n(?P<expected>(?:(?!\$ ).*\n)*)", re.MULTILINE
)


class Malformed(Exception):
    """A file that is no lesson; the text says where and why."""


@dataclass(frozen=True)
class Prose:
    """Markdown between the commands, without comments."""

    text: str


@dataclass(frozen=True)
class Command:
    """A command, and the lines that it has to print; none mean that any are right."""

    text: str
    expected: tuple[str, ...]
    line: int  # of the file, where it begins


@dataclass(frozen=True)
class Claim:
    """What has to hold of the last command's output."""

    example: Example

    def test(self, output: str) -> None:
        """Raises what its Python raises."""
        self.example.namespace["output"] = output
        self.example.evaluate()


Step = Prose | Command | Claim


@dataclass(frozen=True)
class Lesson:
    """The steps of one file, in order. The claims' names live as long as this does."""

    path: Path
    title: str
    minutes: int  # that it takes to read
    steps: tuple[Step, ...]

    @property
    def number(self) -> str:
        return number_of(self.path)


def find() -> dict[str, Path]:
    """The files of all lessons by their numbers, in order."""
    paths = sorted(FOLDER.glob("[0-9]*.md"), key=lambda path: int(number_of(path)))
    return {number_of(path): path for path in paths}


def number_of(path: Path) -> str:
    """What the name begins with: 2-where-does-client-n-wait.md is lesson 2."""
    return path.name.split("-")[0]


def read(path: Path) -> Lesson:
    """The lesson in a file; raises Malformed."""
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
        steps += _steps(example)
        end = example.end
    steps += _prose(document.text[end:])
    words = COMMENT.sub("", document.text).split()
    return Lesson(path, title[1], math.ceil(len(words) / WORDS_A_MINUTE), tuple(steps))


def _run_elsewhere(_example: Example) -> None:
    """Commands are the reader's, or check's: Sybil only finds them."""


def _prose(text: str) -> Iterator[Prose]:
    text = COMMENT.sub("", text).strip()
    if text:
        yield Prose(text)


def _steps(example: Example) -> Iterator[Step]:
    if "language" not in example.region.lexemes:
        yield Claim(example)
        return
    block = str(example.parsed)
    if not block.startswith("$ "):
        raise Malformed(f"{example.path}:{example.line}: a console block begins with a command")
    for match in COMMAND.finditer(block):
        line = example.line + 1 + block.count("\n", 0, match.start())
        yield Command(match["command"], tuple(match["expected"].splitlines()), line)
