"""What the servers here share: a message is a line, and its answer names the thread that serves.

They answer `hello` at once and `work 300` after 300 ms, with the ids of the process and of the
thread as the system knows them: getpid(2), gettid(2).
"""

import os
import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from wsgiref.types import StartResponse, WSGIEnvironment


def converse(client: socket.socket) -> None:
    """Answer each line until the client leaves."""
    with client, suppress(OSError), client.makefile("rb") as lines:
        for line in lines:
            time.sleep(work(line.decode()))
            client.sendall(ids())


def work(message: str) -> float:
    """Return the seconds of work that the message asks for."""
    word, _, milliseconds = message.partition(" ")
    return int(milliseconds) / 1000 if word == "work" else 0.0


def ids() -> bytes:
    """Return the ids of the process and the thread that run this."""
    return f"{os.getpid()} {threading.get_native_id()}\n".encode()


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer in the same way as a web application: /hello, /work/300."""
    time.sleep(work(environ["PATH_INFO"].strip("/").replace("/", " ")))
    body = ids()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
