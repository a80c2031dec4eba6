"""Four clients that do not behave, and then an honest one, all connected to HOST:PORT."""

import socket
import struct
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

HOST, PORT = sys.argv[1].rsplit(":", 1)
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # socket(7), SO_LINGER


def mute(client: socket.socket) -> str:
    """Sends nothing, and reads everything."""
    return client.makefile().read().splitlines()[-1]


def drip(client: socket.socket) -> str:
    """Sends a letter ten times a second, and never ends the line."""
    client.recv(1024)  # the greeting
    client.settimeout(0.1)
    while True:
        client.send(b"x")
        try:
            return client.recv(1024).decode().strip()
        except TimeoutError:
            pass  # no objection yet


def deaf(client: socket.socket) -> str:
    """Sends one line after the other, and reads no reply."""
    try:
        while True:
            client.sendall(b"Hey Server!!!\n" * 100)
    except OSError as error:
        return f"{error.strerror}"


def gone(client: socket.socket) -> str:
    """Is reset in the middle of a line."""
    client.recv(1024)  # the greeting
    client.send(b"Hey Ser")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    client.close()
    return "left without a goodbye"


def play(role: Callable[[socket.socket], str], client: socket.socket) -> str:
    """How long a client could be rude, and how that ended."""
    began = time.monotonic()
    with client:
        end = role(client)
    return f"{role.__name__:7}{time.monotonic() - began:4.1f} s, then: {end}"


def connect() -> socket.socket:
    """A connection, which may not be served yet."""
    return socket.create_connection((HOST, int(PORT)))


with ThreadPoolExecutor(4) as threads:
    rude = [threads.submit(play, role, connect()) for role in (mute, drip, deaf, gone)]
    with connect() as honest, honest.makefile() as replies:
        came = time.monotonic()
        replies.readline()  # the greeting
        waited = time.monotonic() - came
        answers: list[float] = []
        while not answers or not all(client.done() for client in rude):
            asked = time.monotonic()
            honest.sendall(b"Hey Server!!!\n")
            replies.readline()
            answers.append(time.monotonic() - asked)
            time.sleep(0.05)
for client in rude:
    print(client.result())
print(f"honest waited {waited:.1f} s to be greeted, and {max(answers):.3f} s at most for a reply")
