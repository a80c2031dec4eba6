"""A client of the checked server that speaks a dialect.

In `handout` any bytes are a reply, since the original lab marks no end. In `lines` a reply is a
line, and a greeting comes first.
"""

import contextlib
import re
import socket
import time

from lanes.check.connection import QUIET, Connection
from lanes.check.failure import Failed, OutOfTime, Patience, said_of
from lanes.check.protocol import Complaint, Dialect, ProtocolError, Reply

MESSAGE = "Hey Server!!! What will we do in today's lab????"

Ticks = re.Pattern[bytes]


class Caller(Connection):
    """Sends messages and reads answers; each answer is due within the time-out of its message."""

    def __init__(
        self,
        connected: socket.socket,
        dialect: Dialect,
        patience: Patience,
        *,
        greets: bool,
        ticks: Ticks | None = None,
    ) -> None:
        super().__init__(connected, patience)
        self.thread: str | None = None  # the thread that greeted us
        self._dialect = dialect
        self._greets = greets  # whether the server speaks first
        self._ticks = ticks  # what it repeats unprompted, which is no answer

    @property
    def framed(self) -> bool:
        """Whether answers can be told apart from other output."""
        return self._dialect.framed

    @property
    def pauses(self) -> bool:
        """Whether the server pauses within an answer, so that its end has to be waited for."""
        return self.quiet > QUIET

    def be_greeted(self, *, whole: bool = True) -> None:
        """Wait for the greeting, if any; in `handout` unless `whole`, only for its beginning."""
        if self._greets:
            with said_of("the greeting"):
                self.thread = self.reply(whole=whole).thread

    def ask(self, text: str = MESSAGE) -> Reply:
        """Send a message and return the reply."""
        self.say(text)
        return self.reply()

    def say(self, text: str) -> None:
        """Send a message; `lines` adds a line end, `handout` does not."""
        self.drop()
        self.send(self._dialect.encode(text))

    def drop(self) -> None:
        """In `handout`, where any bytes are a reply, drop those that came before the message."""
        if not self.framed:
            self.forget()

    def be_still(self) -> None:
        """In `handout`, drop what has arrived and what follows, until there is a pause."""
        if not self.framed:
            self.rest()

    def be_drained(self, seconds: float) -> None:
        """In `handout`, wait until nothing but ticks has come for `seconds` and somewhat longer."""
        last, end = time.monotonic(), self._patience.until()
        while not self.framed:
            until = min(last + seconds + self.quiet, end)
            if not self.hears(until - time.monotonic()):
                break
            if self.overhears():
                last = time.monotonic()

    def reply(self, *, whole: bool = True) -> Reply:
        """Return the next reply; in `handout` unless `whole`, only its beginning. Raises Failed."""
        reply = _no_complaint(self.answer())
        if whole and not self.framed:
            return Reply(None, reply.text + self.rest().decode(errors="replace"))
        return reply

    def answer(self) -> Reply | Complaint:
        """Return the next reply or complaint."""
        return self._next(self.due)

    def heard(self) -> str | None:
        """Wait for bytes, and return all complete replies as one text; None if there is none."""
        self._hear(self.due)
        replies: list[str] = []
        while (answer := self._take()) is not None:
            replies.append(_no_complaint(answer).text)
        return "".join(replies) if replies else None

    def overhears(self) -> bool:
        """Whether something other than ticks has come unprompted; in `handout`, drop it."""
        return self.hears() if self.framed else bool(self._told(self.forget()))

    def overdue(self) -> Failed:
        """Return the failure for an overdue answer; raises OutOfTime."""
        failure = self._patience.ran_out("no answer")
        if isinstance(failure, OutOfTime):
            raise failure
        return failure

    def unasked(self) -> str:
        """Return what arrives unprompted: usually nothing."""
        with contextlib.suppress(Failed):
            return str(self._next(time.monotonic() + QUIET))
        return ""

    def _next(self, until: float) -> Reply | Complaint:
        while (answer := self._take()) is None:
            self._hear(until)
        return answer

    def _hear(self, until: float) -> None:
        self._dialect.feed(self._told(self.receive(until)))

    def _told(self, chunk: bytes) -> bytes:
        """Return what may be an answer: everything but the ticks."""
        return self._ticks.sub(b"", chunk) if self._ticks else chunk

    def _take(self) -> Reply | Complaint | None:
        try:
            return self._dialect.take()
        except ProtocolError as error:
            raise Failed(f"not an answer: {error}") from None


def _no_complaint(answer: Reply | Complaint) -> Reply:
    if isinstance(answer, Complaint):
        raise Failed(f"the server said -ERR {answer}")
    return answer
