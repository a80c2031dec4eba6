"""One conversation: greet, read, answer, close. It runs in the one thread that serves the client.

    while bytes arrive:  connection.receive -> dialect.receive -> dialect.reply -> connection.send

Why it ends is one word: `bye` (the client closed), `unfinished` (it closed in the middle of a
line), `lost` (the connection broke), `too-long`, `idle`, `slow`, `closing` (the client gets this
error), `unread` (it did not read, and was reset), `aborted` (reset at the end of a drain), `failed`
(our bug: the log has the traceback).
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import structlog

from server.chat.clock import EPOCH
from server.chat.connection import LINGER_SECONDS, TimedOut, Unread
from server.chat.lingering import Lingering
from server.chat.protocol import Dialect, Message
from server.chat.record import End, Record
from server.chat.registry import Registry
from server.chat.tls import AnyConnection

give_way = getattr(os, "sched_yield", lambda: None)  # macOS lacks it
# Messages answered with one send: 16 are five times as fast as with 16 sends. A chunk holds 8,192.
AT_ONCE = 256
AT_ONCE_IN_A_DRAIN = 16  # its time is short, and checked before each send
log = structlog.get_logger()
GOODBYES: set[End] = {"bye", "unfinished"}  # the client closed
LAST_WORDS: set[End] = {"idle", "slow", "closing"}  # errors that are sent at the end


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client may take, in seconds."""

    idle: float = 120.0  # to begin a message
    line: float = 10.0  # from a line's first byte to its end
    send: float = 10.0  # to take a whole reply
    handshake: float = 5.0  # over TLS, before the greeting


class Session:
    """The server's side of one conversation."""

    def __init__(  # noqa: PLR0913 - collaborators are arguments, not globals
        self,
        connection: AnyConnection,
        record: Record,
        leave: Callable[[int], object],
        *,
        registry: Registry,
        lingering: Lingering,
        dialect: type[Dialect],
        patience: Patience,
        note: Callable[[str, Sequence[Message]], object] | None = None,
        work: Callable[[Callable[[], bool]], object] | None = None,
    ) -> None:
        self.number = record.number
        self._connection = connection
        self._record = record
        self._leave = leave  # called with our number at the end
        self._registry = registry
        self._lingering = lingering
        self._dialect = dialect
        self._patience = patience
        self._note = note  # called with each peer's messages, if they are logged
        self._work = work  # extra work for each message; it asks whether to stop
        self._at_once = 1 if work else AT_ONCE  # so that no reply waits for the next work
        self._ending: End | None = None  # set by another thread: why the input ends
        self._answers_until = 0.0  # a monotonic time, set with `_ending`

    def assign(self) -> None:
        """Record the calling thread as this session's, before its turn comes."""
        self._registry.assign(self._record)

    def run(self) -> None:
        """Serve the client from the greeting to the close; raises nothing."""
        if self._registry.serve(self._record):  # else it was dismissed while it waited
            log.info("new connection", peer=self._record.peer)
            end = self._outcome()
            log.info("bye", peer=self._record.peer, end=end, messages=self._record.messages)
            self._registry.close(self._record, end)
            self._connection.close()
            self._leave(self.number)

    def _outcome(self) -> End:
        """Hold the conversation and return why it ended; the caller closes the connection."""
        try:
            end = self._converse(self._dialect(self._record.thread or ""))
            if end in GOODBYES:
                self._connection.close()  # the client sends nothing more, so it is not reset
            else:
                self._take_leave(end)
        except (TimedOut, Unread):
            self._connection.abort()
            end = "unread"
        except OSError:
            end = "aborted" if self._ending == "aborted" else "lost"
        except Exception:  # a bug is logged, and ends only this session
            log.exception("session failed", peer=self._record.peer)
            end = "failed"
        return end

    def _take_leave(self, end: End) -> None:
        """Send why it ends, if the client is to know, and give it time to read that."""
        last_words = self._dialect.error(end) if end in LAST_WORDS else b""
        self._record.bytes_out += self._connection.end_output(last_words, self._patience.send)
        self._connection.linger(time.monotonic() + LINGER_SECONDS)

    def _converse(self, dialect: Dialect) -> End:
        """Receive, answer and count until the input ends; return why it ended.

        One loop: with a function for each step, a message would cost 5 % more.
        """
        connection, record, patience = self._connection, self._record, self._patience
        self._send(dialect.greeting())
        line_until: float | None = None  # deadline for the line that has begun
        while True:
            timeout = patience.idle if line_until is None else line_until - time.monotonic()
            try:
                chunk = connection.receive(dialect.chunk_size, timeout)
            except TimedOut:
                return "idle" if line_until is None else "slow"
            if not chunk:
                return self._ending or ("unfinished" if dialect.begun else "bye")
            record.bytes_in += len(chunk)
            messages = dialect.receive(chunk)
            record.refused = dialect.refused
            for batch in self._batches(messages):
                if self._ending and time.monotonic() >= self._answers_until:
                    return self._ending
                received, count = EPOCH + time.monotonic(), len(batch)  # now(), inlined
                record.messages += count
                if self._note or self._work:
                    self._note_and_work(batch)
                try:
                    self._send(dialect.reply(batch))
                finally:
                    replied = EPOCH + time.monotonic()
                    record.ticks.add(received, replied, count)
                record.answers.observe(replied - received, count)
            if dialect.fatal:
                return dialect.fatal
            if not dialect.begun:
                line_until = None
            elif messages or line_until is None:
                line_until = time.monotonic() + patience.line
            # Otherwise a client whose next message has arrived keeps the processor for a whole time
            # slice, and some of 2,000 wait for seconds: p99 was 1.9 s, and is 0.09 s.
            give_way()

    def _batches(self, messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
        """Group the messages by what one send answers: usually all of them."""
        return (messages,) if 0 < len(messages) <= self._at_once else self._cut(messages)

    def _cut(self, messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
        answered = 0
        while answered < len(messages):
            batch = messages[answered : answered + self._at_once]  # smaller once a drain begins
            yield batch
            answered += len(batch)

    def _send(self, buffer: bytes) -> None:
        self._connection.send(buffer, self._patience.send)
        self._record.bytes_out += len(buffer)

    def _note_and_work(self, messages: Sequence[Message]) -> None:
        if self._note:
            self._note(self._record.peer, messages)
        if self._work:
            self._work(lambda: self._ending == "aborted")

    def dismiss(self) -> bool:
        """Dismiss the session if it still waits; False if it does not. For another thread."""
        if not self._registry.dismiss(self._record, "closing"):
            return False
        log.info("dismissed", peer=self._record.peer)
        self._lingering.say(self._connection, "closing")
        return True

    def stop(self, seconds: float) -> None:
        """End the session soon: answer what has arrived, within `seconds`. For another thread."""
        self._answers_until = time.monotonic() + seconds
        self._at_once = min(self._at_once, AT_ONCE_IN_A_DRAIN)
        self._ending = "closing"
        self._connection.end_input()

    def abort(self) -> None:
        """End the session now, after `stop`: reset the client. For another thread."""
        self._ending = "aborted"
        self._connection.abort()
