"""Extra work for each message: a computation, or a wait.

`--work spin:5` keeps a core busy for 5 ms for each message; `--work sleep:5` waits for 5 ms, as if
for a database or a disk. docs/threads.md shows what that does with each model, and with the GIL.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast, get_args

Kind = Literal["spin", "sleep"]
LONGEST = 1000.0  # milliseconds for a message: a drain waits for sleeping threads


@dataclass(frozen=True, slots=True)
class Work:
    """The work for a message, in milliseconds."""

    kind: Kind
    milliseconds: float

    def __str__(self) -> str:
        return f"{self.kind}:{self.milliseconds:g}"

    def do(self, over: Callable[[], bool]) -> None:
        """Do the work in the calling thread; end a computation early once `over()` is true.

        Threads compute in turn, so at the end of a drain their computations would add up.
        """
        seconds = self.milliseconds / 1000
        if self.kind == "sleep":
            time.sleep(seconds)
        else:
            # In the thread's own processor time: while others have the core, it does not count.
            end = time.thread_time() + seconds
            while time.thread_time() < end and not over():
                pass


def parse(text: str) -> Work:
    """Parse `spin:MS` or `sleep:MS`; for anything else, ValueError says what is wrong."""
    kind, colon, number = text.partition(":")
    if kind not in get_args(Kind) or not colon:
        raise ValueError(f"{text!r} is not spin:MS or sleep:MS, such as sleep:5.")
    try:
        milliseconds = float(number)
    except ValueError:
        raise ValueError(f"{number!r} is not a number of milliseconds.") from None
    if not 0 < milliseconds <= LONGEST:
        raise ValueError(f"{number} is not more than 0 and at most {LONGEST:g} milliseconds.")
    return Work(cast("Kind", kind), milliseconds)
