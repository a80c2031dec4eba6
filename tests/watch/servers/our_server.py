"""Our own server in the `handout` dialect, whose answers say who serves: MODEL PORT."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from answering import ids, work

sys.path.insert(0, str(Path(__file__).parents[3]))

from server.chat import protocol
from server.command import main


class Saying(protocol.Handout):
    """A session calls this in the thread that serves it."""

    def reply(self, messages: Sequence[protocol.Message]) -> bytes:
        for message in messages:
            time.sleep(work(str(message)))
        return ids() * len(messages)


_, model, port = sys.argv
protocol.DIALECTS["handout"] = Saying
words = f"--host 127.0.0.1 --port {port} --status-port 0 --protocol handout"
main([*words.split(), "--model", model, "--workers", "2"])
