"""Sends a server messages in pieces that are not the messages, and counts its replies.

python3 pieces.py HOST:PORT STATUS_HOST:STATUS_PORT
"""

import http.client
import json
import socket
import sys
import time

SERVER, STATUS = sys.argv[1:]
HELLO = "Grüße\n".encode()
WAYS = {
    "two messages in one piece": [HELLO + HELLO],
    "one message in two pieces": [HELLO[:3], HELLO[3:]],
    "one message of 3,000 bytes": [b"a" * 2999 + b"\n"],
}


def received() -> int:
    """How many bytes the server has received from all its clients, according to itself."""
    web = http.client.HTTPConnection(STATUS, timeout=10)
    web.request("GET", "/sessions.json")
    total = sum(session["bytes_in"] for session in json.load(web.getresponse())["sessions"])
    web.close()
    return int(total)


def replies(pieces: list[bytes]) -> int:
    """Send each piece once the one before it has been received; count what comes back."""
    host, port = SERVER.split(":")
    expected = received()
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for piece in pieces:
            connection.sendall(piece)
            expected += len(piece)
            while received() < expected:
                time.sleep(0.01)
        connection.shutdown(socket.SHUT_WR)  # we send no more, but still read
        stream = b"".join(iter(lambda: connection.recv(4096), b""))
    return stream.count(b"Today we will learn")


for way, pieces in WAYS.items():
    print(f"{way}: replies {replies(pieces)}")
