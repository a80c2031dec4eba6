"""A client of the checked server, which speaks a dialect.

In `handout` any bytes are a reply, since the original lab marks no end. In `lines` a reply is a
line, and a greeting comes first.
"""

import contextlib
import socket
import time

from lanes.check.connection import QUIET, Connection
from lanes.check.failure import Failed, Patience, said_of
from lanes.check.protocol import Complaint, Dialect, ProtocolError, Reply

MESSAGE = "Hey Server!!! What will we do in today's lab????"


class Caller(Connection):
    """Says messages and hears answers; each is due within the time-out of its own message."""

    def __init__(
        self, connected: socket.socket, dialect: Dialect, patience: Patience, *, greets: bool
    ) -> None:
        super().__init__(connected, patience)
        self.thread: str | None = None  # the one that greeted us
        self._dialect = dialect
        self._greets = greets  # whether the server speaks first

    def be_greeted(self, *, whole: bool = True) -> None:
        """Wait for the greeting, or in `handout` for its beginning, if there is one."""
        if self._greets:
            with said_of("the greeting"):
                self.thread = self.reply(whole=whole).thread

    def ask(self, text: str = MESSAGE) -> Reply:
        """Send a message and return the reply."""
        self.say(text)
        return self.reply()

    def say(self, text: str) -> None:
        """Send a message; `lines` ends it, `handout` does not."""
        self.drop()
        self.send(self._dialect.encode(text))

    def drop(self) -> None:
        """Where any bytes would be a reply, forget those that came before the question."""
        if not self._dialect.framed:
            self.forget()

    def be_still(self) -> None:
        """The same, and wait until no more of them come."""
        if not self._dialect.framed:
            self.rest()

    def reply(self, *, whole: bool = True) -> Reply:
        """The next reply, or in `handout` its beginning; a refusal is a failure."""
        reply = _no_complaint(self.answer())
        if whole and not self._dialect.framed:
            return Reply(None, reply.text + self.rest().decode(errors="replace"))
        return reply

    def answer(self) -> Reply | Complaint:
        """The next reply or refusal."""
        return self._next(self.due)

    def heard(self) -> str | None:
        """What has arrived of replies, where something has; None if none of them is complete."""
        self._dialect.feed(self.receive(self.due))
        replies: list[str] = []
        while (answer := self._take()) is not None:
            replies.append(_no_complaint(answer).text)
        return "".join(replies) if replies else None

    def unasked(self) -> str:
        """What arrives though nothing was asked: usually nothing."""
        with contextlib.suppress(Failed):
            return str(self._next(time.monotonic() + QUIET))
        return ""

    def _next(self, until: float) -> Reply | Complaint:
        while (answer := self._take()) is None:
            self._dialect.feed(self.receive(until))
        return answer

    def _take(self) -> Reply | Complaint | None:
        try:
            return self._dialect.take()
        except ProtocolError as error:
            raise Failed(f"not an answer: {error}") from None


def _no_complaint(answer: Reply | Complaint) -> Reply:
    if isinstance(answer, Complaint):
        raise Failed(f"the server said -ERR {answer}")
    return answer
