"""Asks running servers' HTTP ports: what the commands `health` and `lanes` do."""

import http.client
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from server import clock

SECONDS = 3.0  # for each step: to connect, and for the next bytes of the answer
AT_ONCE = 32  # servers that are asked at the same time
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what to ask, not to bind


class Unwell(Exception):
    """The server did not answer as it should; the text says how."""


class Answer(NamedTuple):
    """What a server said, and how far its clock is ahead of ours."""

    host: str
    body: bytes
    ahead: float  # seconds
    within: float  # seconds by which that may be wrong: it was answered meanwhile


def fetch(host: str, port: int, path: str) -> Answer:
    """The page at `path`; raises Unwell."""
    asked = EVERYWHERE.get(host, host)
    connection = http.client.HTTPConnection(asked, port, timeout=SECONDS)
    try:
        connection.connect()
        before = clock.now()
        connection.request("GET", path)
        answer = connection.getresponse()
        after = clock.now()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Unwell(f"no answer from {asked} port {port}: {error}") from None
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise Unwell(f"{asked} port {port} answered {answer.status} {answer.reason}")
    told = answer.getheader(clock.HEADER)
    if told is None:
        raise Unwell(f"{asked} port {port} answered, but is no Thread Lanes server of this version")
    return Answer(asked, body, float(told) - (before + after) / 2, (after - before) / 2)


def fetch_all(name: str, port: int, path: str) -> tuple[list[Answer], list[Unwell]]:
    """The same page of every server that the name stands for, by address; raises Unwell."""
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", error)
        raise Unwell(f"the name {name} is not known here ({why})") from None
    hosts = sorted({str(address[0]) for *_, address in found})

    def ask(host: str) -> Answer | Unwell:
        try:
            return fetch(host, port, path)
        except Unwell as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as askers:
        said = list(askers.map(ask, hosts))
    answers = [one for one in said if isinstance(one, Answer)]
    silent = [one for one in said if isinstance(one, Unwell)]
    if not answers:
        raise silent[0]
    return answers, silent
