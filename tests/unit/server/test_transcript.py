"""The clients' messages in the log."""

import json
import threading
from collections.abc import Callable

from server.chat.protocol import Malformed
from server.log import lines
from server.log.transcript import Transcript
from server.log.writer import QUEUE_BYTES, RECORD_BYTES, Counts, LogWriter
from tests.kit.pipe import Pipe
from tests.kit.waiting import wait_for_end, wait_until

PEER = "127.0.0.1:5555"
Configure = Callable[[], LogWriter]


def noted(configure: Configure, pipe: Pipe, log_format: str, *messages: str | Malformed) -> str:
    """Have Thread-7 note these messages from its peer; return the log."""
    writer = configure()
    transcript = Transcript(writer, lines.renderer(log_format, ""))
    thread = threading.Thread(target=transcript.note, args=(PEER, messages), name="Thread-7")
    thread.start()
    wait_for_end(thread)
    wait_until(lambda: writer.counts().written == len(messages))
    writer.close()
    return b"".join(pipe.lines()).decode()


def test_each_message_is_a_line_with_its_thread_and_peer(configure: Configure, pipe: Pipe) -> None:
    messages = ("Hey", "", "Grüße", Malformed("utf8", "\\xff"))
    logged = [json.loads(line) for line in noted(configure, pipe, "json", *messages).splitlines()]
    assert [line.pop("text") for line in logged] == ["Hey", "", "Grüße", "\\xff"]
    assert len({line.pop("time") for line in logged}) == 1
    event = {"level": "info", "thread": "Thread-7", "event": "received from the client"}
    assert logged == 3 * [event | {"peer": PEER}] + [event | {"peer": PEER, "error": "utf8"}]


def test_in_the_console_format_a_message_is_the_line_of_a_logger(
    configure: Configure, pipe: Pipe
) -> None:
    _, _, rest = noted(configure, pipe, "console", "Hey Server").partition(" ")
    assert rest == f"Thread-7   received from the client peer={PEER} text='Hey Server'\n"


def test_messages_that_do_not_fit_are_all_counted_as_dropped(configure: Configure) -> None:
    writer = configure()
    too_many = ["Hey"] * (QUEUE_BYTES // RECORD_BYTES + 1)
    Transcript(writer, lines.RENDERERS["json"]).note(PEER, too_many)
    assert writer.counts() == Counts(emitted=len(too_many), written=0, dropped=len(too_many))
