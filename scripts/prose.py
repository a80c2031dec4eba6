#!/usr/bin/env python3
"""Reads what people read, and names what a native speaker would stumble over.

Usage: scripts/prose.py [PATH...], or without a path all that scripts/prose.toml lists. Code is not
read: in a page that is what stands in fences and between backticks, in a program everything but
comments and strings. Exit code: 0 if nothing was found, 1 if something was.
"""

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
    """Print what was found, a line each."""
    CheckRegistry().register_many(every_check)
    findings = [line for path in _paths() for line in _found(path)]
    print("\n".join(findings) or "Nothing that a reader would stumble over.")
    sys.exit(bool(findings))


def _paths() -> Iterator[Path]:
    if given := sys.argv[1:]:
        yield from map(Path, given)
        return
    for pattern in SETTINGS["pages"]:
        yield from sorted(ROOT.glob(pattern))
    for folder in SETTINGS["programs"]:
        programs = sorted((ROOT / folder).rglob("*.py"))
        yield from (path for path in programs if "built" not in path.parts)


def _found(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    prose = _of_page(text) if path.suffix == ".md" else _of_program(text)
    findings = [*_mannerisms(prose), *(_of_proselint(prose) if path.suffix == ".md" else ())]
    for line, said in sorted(findings):
        yield f"{path}:{line}: {said}"


def _of_page(text: str) -> str:
    """Its code blanked, so that everything else stays where it is."""
    return CODE.sub(lambda code: re.sub(r"\S", " ", code[0]), text)


def _of_program(text: str) -> str:
    """Its comments and strings, where they are; everything else blank."""
    prose = [[" "] * len(line) for line in text.splitlines()]
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in STRINGS:
            row, column = token.start
            for number, line in enumerate(token.string.splitlines(), row - 1):
                prose[number][column : column + len(line)] = line.translate(MARKS)
                column = 0
    return _of_page("\n".join(map("".join, prose)))


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
