"""The original lab's client, rewritten: a raw send, one receive, and a y/n question.

It frames nothing: whatever one `recv` returns is the reply.
"""

import socket
from collections.abc import Iterable

from tests.kit.waiting import SECONDS

MESSAGE = "Hey Server!!! What will we do in today's lab????"


def chat(address: str, answers: Iterable[str]) -> list[str]:
    """Return everything that the client prints if these answers are typed at its prompt."""
    host, port = address.rsplit(":", 1)
    printed: list[str] = []
    with socket.create_connection((host, int(port)), timeout=SECONDS) as connection:
        for answer in answers:
            connection.send(MESSAGE.encode())
            reply = connection.recv(1024)
            printed.append(f"Received from the server : {reply.decode()}")
            if answer != "y":
                printed.append("Bye Server")
                break
    return printed
