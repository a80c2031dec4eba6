#!/usr/bin/env python3
"""Reports phrases that a native speaker would stumble over.

Usage: scripts/prose.py [PATH...]; without a path it reads everything that scripts/prose.toml lists.
It skips code: in a page, what is in fences and backticks; in a program, everything except comments
and strings. In a test it reads names as sentences, and of the strings only docstrings: the others
are what a program prints. Exit code: 0 if nothing was found, else 1.
"""

import ast
import io
import re
import sys
import tokenize
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from proselint.checks import __register__ as every_check
from proselint.config import DEFAULT, Config
from proselint.registry import CheckRegistry
from proselint.tools import LintFile

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
CODE = re.compile(r"^```.*?^```$|<!--.*?-->|`[^`]*`|\]\([^)]*\)", re.MULTILINE | re.DOTALL)
STRINGS = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
MARKS = str.maketrans("\"'#", "   ")  # around a string, before a comment


def main() -> None:
    """Print the findings, one per line."""
    CheckRegistry().register_many(every_check)
    findings = [line for path, is_test in _paths() for line in _found(path, is_test=is_test)]
    print("\n".join(findings) or "Nothing that a reader would stumble over.")
    sys.exit(bool(findings))


def _paths() -> Iterator[tuple[Path, bool]]:
    """Yield the files to read, and whether each is read as a test."""
    if given := sys.argv[1:]:
        yield from ((Path(path), Path(path).name.startswith("test_")) for path in given)
        return
    for pattern in SETTINGS["pages"]:
        yield from ((path, False) for path in sorted(ROOT.glob(pattern)))
    read = set[Path]()
    for kind in ("programs", "tests"):
        for folder in SETTINGS[kind]:
            new = {
                path for path in (ROOT / folder).rglob("*.py") if "built" not in path.parts
            } - read
            yield from ((path, kind == "tests") for path in sorted(new))
            read |= new


def _found(path: Path, *, is_test: bool) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    prose = _of_page(text) if path.suffix == ".md" else _of_program(text, is_test=is_test)
    findings = [*_mannerisms(prose), *(_of_proselint(prose) if path.suffix == ".md" else ())]
    for line, said in sorted(findings):
        yield f"{path}:{line}: {said}"


def _of_page(text: str) -> str:
    """Blank the code of a page, so that everything else stays where it is."""
    return CODE.sub(lambda code: re.sub(r"\S", " ", code[0]), text)


def _of_program(text: str, *, is_test: bool) -> str:
    """Blank everything in a program except its comments and strings."""
    prose = [[" "] * len(line) for line in text.splitlines()]
    docstrings = set(_docstrings(text)) if is_test else set[int]()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        row, column = token.start
        if is_test and token.type in STRINGS - {tokenize.COMMENT} and row not in docstrings:
            continue
        if is_test and token.type == tokenize.NAME and token.string.startswith("test_"):
            name = token.string.replace("_", ":", 1).replace("_", " ")
            prose[row - 1][column : column + len(name)] = name
        if token.type in STRINGS:
            for number, line in enumerate(token.string.splitlines(), row - 1):
                prose[number][column : column + len(line)] = line.translate(MARKS)
                column = 0
    return _of_page("\n".join(map("".join, prose)))


def _docstrings(text: str) -> Iterator[int]:
    """Yield the lines on which a string stands alone."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.lineno


def _mannerisms(prose: str) -> Iterator[tuple[int, str]]:
    listed: Mapping[str, str] = SETTINGS["mannerisms"]
    for pattern, instead in listed.items():
        anywhere = rf"\b(?:{pattern})\b".replace(" ", r"\s+")
        for found in re.finditer(anywhere, prose, re.IGNORECASE):
            line = prose.count("\n", 0, found.start()) + 1
            yield line, f"“{' '.join(found[0].split())}”: say {instead}"


def _of_proselint(prose: str) -> Iterator[tuple[int, str]]:
    config = Config(max_errors=1000, checks=DEFAULT["checks"] | SETTINGS["proselint"])
    for result in LintFile("page", prose).lint(config):
        yield result.pos[0], result.check_result.message


if __name__ == "__main__":
    main()
