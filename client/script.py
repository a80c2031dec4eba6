"""A text file -> what to say, and when to pause.

UTF-8, one message per line, line ends LF or CRLF. `#pause 0.5` pauses for half a second; any other
line that begins with `#` is a comment. Blank lines are layout, so a script can send neither the
empty message nor one that begins with `#` (`chat --ask` can).
"""

from typing import NamedTuple

LONGEST_PAUSE = 3600.0  # seconds


class Message(NamedTuple):
    """A message to send."""

    text: str


class Pause(NamedTuple):
    """A time to send nothing."""

    seconds: float


Step = Message | Pause


def parse(content: bytes) -> list[Step]:
    """Read a script; ValueError says what is wrong, and in which line."""
    # Split at LF alone, on bytes: str.splitlines would end a line at U+2028, form feed and more.
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")  # a byte order mark is no text
    steps = [step for number, line in enumerate(lines, 1) for step in _read(number, line)]
    if not any(isinstance(step, Message) for step in steps):
        raise ValueError("the script contains no messages: write one per line.")
    return steps


def _read(number: int, line: bytes) -> list[Step]:
    try:
        text = line.removesuffix(b"\r").decode()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"line {number} is not UTF-8 (its byte {error.start + 1}): save the file as UTF-8."
        ) from None
    if not text.startswith("#"):
        return [Message(text)] if text.strip() else []
    word, *rest = text.split()
    return [Pause(_seconds(number, rest))] if word == "#pause" else []


def _seconds(number: int, words: list[str]) -> float:
    try:
        [word] = words
        seconds = float(word)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= LONGEST_PAUSE:  # false for "nan" as well
        raise ValueError(
            f"line {number}: #pause takes a number of seconds from 0 to {LONGEST_PAUSE:g}, "
            "as in #pause 0.5."
        )
    return seconds
