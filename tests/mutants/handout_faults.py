"""The faults of the original lab's code, each as the change that puts it back into ours."""

from typing import NamedTuple


class Fault(NamedTuple):
    """A change to one file, and the test that fails because of it."""

    name: str
    file: str
    old: str  # occurs in the file exactly once
    new: str
    test: str


FAULTS = [
    Fault(
        "a lock is held across the conversation",
        "server/models.py",
        "    def _serve(self, session: Session) -> None:\n        session.run()\n",
        "    _lock = threading.Lock()\n\n"
        "    def _serve(self, session: Session) -> None:\n"
        "        with self._lock:\n"
        "            session.run()\n",
        "tests/unit/server/test_listener.py::test_three_clients_are_served_at_once_by_three_threads",
    ),
    Fault(
        "the lock is released twice",
        "server/models.py",
        "        with self._lock:\n            session.run()\n",
        "        with self._lock:\n            session.run()\n            self._lock.release()\n",
        "tests/unit/server/test_models.py::test_lock_gives_everybody_a_thread_and_one_its_turn",
    ),
    Fault(
        "no break at the end of the stream",
        "server/session.py",
        '            if not chunk:\n                return self._ending or "bye"\n',
        "",
        "tests/unit/server/test_session.py::test_in_the_handout_too_the_end_of_the_stream_is_no_message",
    ),
    Fault(
        "the bytes are decoded as ASCII",
        "server/protocol.py",
        "stream[:-1].decode()",
        'stream[:-1].decode("ascii", errors="replace")',
        "tests/unit/server/test_protocol.py::test_every_text_comes_out_as_it_went_in",
    ),
    Fault(
        "no framing: what one receive returns is the message",
        "server/protocol.py",
        "        stream = self._rest + chunk\n",
        '        stream = chunk.removesuffix(b"\\n") + b"\\n"\n',
        "tests/unit/server/test_protocol.py::test_a_message_cut_at_every_byte_is_one_message",
    ),
    Fault(
        "one `send`, and what it did not take is lost",
        "server/connection.py",
        "            buffer = buffer[sent:]\n",
        "            buffer = buffer[len(buffer) :]\n",
        "tests/unit/server/test_connection.py"
        "::test_a_peer_that_reads_too_slowly_uses_the_whole_timeout_up_not_one_for_each_piece",
    ),
    Fault(
        "no time-out",
        "server/connection.py",
        "            self._set_timeout(socket.SO_RCVTIMEO, timeout)\n",
        "",
        "tests/unit/server/test_session.py::test_a_silent_client_is_told_and_shown_out",
    ),
    Fault(
        "it listens on localhost only",
        "server/port.py",
        "listening.bind((host, port))",
        'listening.bind(("localhost", port))',
        "tests/unit/server/test_reach.py::test_it_listens_on_the_address_that_it_is_told",
    ),
    Fault(
        "no shutdown: a signal kills it",
        "server/signals.py",
        "            signal.signal(number, _ignore)\n",
        "            signal.signal(number, signal.SIG_DFL)\n",
        "tests/unit/server/test_main.py::test_a_signal_drains_it_and_it_exits_with_0",
    ),
    Fault(
        "unbounded threads",
        "server/registry.py",
        "            if len(self._open) >= self._max_clients:\n                return None\n",
        "",
        "tests/unit/server/test_registry.py::test_the_waiting_and_the_serving_take_the_places",
    ),
    Fault(
        "a probe of the chat port takes a number",
        "server/commands.py",
        'click.echo(fetch(options["host"], options["status_port"], HEALTH).body, nl=False)\n',
        "from socket import create_connection\n\n"
        '        create_connection((options["host"], options["port"])).close()\n',
        "tests/unit/server/test_reach.py::test_a_probe_takes_no_number_and_no_thread",
    ),
]
