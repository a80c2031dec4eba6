"""Our own server, whose answers name the thread that serves: DIALECT MODEL PORT."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from answering import ids, work

sys.path.insert(0, str(Path(__file__).parents[3]))

from server.chat import protocol
from server.command import main


class Saying:
    """A dialect without a greeting; a session calls `reply` in the thread that serves it."""

    def greeting(self) -> bytes:
        return b""

    def reply(self, messages: Sequence[protocol.Message]) -> bytes:
        for message in messages:
            time.sleep(work(str(message)))
        return ids() * len(messages)


_, dialect, model, port = sys.argv
spoken = protocol.DIALECTS[dialect]
protocol.DIALECTS[dialect] = type("Spoken", (Saying, spoken), {})
words = f"--host 127.0.0.1 --port {port} --status-port 0 --protocol {dialect}"
main([*words.split(), "--model", model, "--workers", "2"])
