"""The faults of the original lab's code, each as the change that puts it back into ours."""

from typing import NamedTuple


class Fault(NamedTuple):
    """A change to one file of the server, and the test of tests/unit/server that fails with it."""

    name: str
    file: str
    old: str  # occurs in the file exactly once
    new: str
    test: str


FAULTS = [
    Fault(
        "a lock is held across the conversation",
        "chat/models.py",
        "    def _serve(self, session: Session) -> None:\n        session.run()\n",
        "    _lock = threading.Lock()\n\n    def _serve(self, session: Session) -> None:\n"
        "        with self._lock:\n            session.run()\n",
        "test_listener.py::test_three_clients_are_served_at_once_by_three_threads",
    ),
    Fault(
        "the lock is released twice",
        "chat/models.py",
        "        with self._lock:\n            session.run()\n",
        "        with self._lock:\n            session.run()\n            self._lock.release()\n",
        "test_models.py::test_lock_gives_every_client_a_thread_and_serves_one_at_a_time",
    ),
    Fault(
        "no break at the end of the stream",
        "chat/session.py",
        "            if not chunk:\n                return self._ending or "
        '("unfinished" if dialect.begun else "bye")\n',
        "",
        "test_session.py::test_in_handout_the_end_of_the_stream_is_not_a_message",
    ),
    Fault(
        "the bytes are decoded as ASCII",
        "chat/protocol.py",
        "stream[:-1].decode()",
        'stream[:-1].decode("ascii", errors="replace")',
        "test_protocol.py::test_every_text_comes_out_as_it_went_in",
    ),
    Fault(
        "no framing: what one receive returns is the message",
        "chat/protocol.py",
        "        stream = self._rest + chunk\n",
        '        stream = chunk.removesuffix(b"\\n") + b"\\n"\n',
        "test_protocol.py::test_a_message_cut_at_any_byte_is_one_message_from_its_first_byte",
    ),
    Fault(
        "one `send`, and what it did not take is lost",
        "chat/connection.py",
        "            buffer = buffer[sent:]\n",
        "            buffer = buffer[len(buffer) :]\n",
        "test_connection.py::test_a_slow_reader_has_one_timeout_not_one_for_each_piece",
    ),
    Fault(
        "no time-out",
        "chat/listener.py",
        "        set_timeout(self._socket, socket.SO_RCVTIMEO, patience.idle)\n",
        "",
        "test_session.py::test_a_silent_client_gets_idle_and_is_not_reset_even_if_it_talks_on",
    ),
    Fault(
        "it listens on localhost only",
        "chat/sockets.py",
        "listening.bind((host, port))",
        'listening.bind(("localhost", port))',
        "test_listener.py::test_it_listens_on_the_given_address",
    ),
    Fault(
        "no shutdown: a signal kills it",
        "chat/signals.py",
        "            signal.signal(number, _ignore)\n",
        "            signal.signal(number, signal.SIG_DFL)\n",
        "test_main.py::test_a_signal_drains_the_server_which_exits_with_0",
    ),
    Fault(
        "unbounded threads",
        "chat/registry.py",
        "            if len(self._open) >= self._max_clients:\n                return None\n",
        "",
        "test_registry.py::test_waiting_and_served_clients_take_places",
    ),
    Fault(
        "a probe of the chat port takes a number",
        "health.py",
        'os.environ.get("LANES_STATUS_PORT", "8022")',
        'os.environ.get("LANES_PORT", "2022")',
        "test_health.py::test_a_server_is_healthy_on_any_address_and_a_probe_takes_no_number",
    ),
]
