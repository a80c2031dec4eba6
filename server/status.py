"""Asks running servers' HTTP ports: what the commands `health` and `lanes` do."""

import http.client
import math
import socket
from collections.abc import Iterable
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
    try:
        connection = http.client.HTTPConnection(asked, port, timeout=SECONDS)
    except http.client.HTTPException as error:
        raise Unwell(str(error)) from None
    try:
        connection.connect()
        before = clock.now()
        connection.request("GET", path)
        answer = connection.getresponse()
        after = clock.now()
        body = answer.read()
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise Unwell(f"no answer from {asked} port {port}: {error}") from None
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise Unwell(f"{asked} port {port} answered {answer.status} {answer.reason}")
    told = _seconds(answer.getheader(clock.HEADER, ""))
    if not math.isfinite(told):
        raise Unwell(f"{asked} port {port} answered, but is no Thread Lanes server of this version")
    return Answer(asked, body, told - (before + after) / 2, (after - before) / 2)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def addresses(name: str, port: int) -> set[str]:
    """Those of every server that the name stands for; raises Unwell."""
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", error)
        raise Unwell(
            f"the name {name!r} is not known here ({why}); that of a stack's service is known in "
            "the stack's containers alone"
        ) from None
    # Its IPv6 addresses with their scope, where they have one.
    numeric = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    return {socket.getnameinfo(address, numeric)[0] for *_, address in found}


def fetch_each(hosts: Iterable[str], port: int, path: str) -> dict[str, Answer | Unwell]:
    """The same page of each of these, asked at the same time, or why there is none."""
    in_order = sorted(hosts)

    def ask(host: str) -> Answer | Unwell:
        try:
            return fetch(host, port, path)
        except Unwell as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as askers:
        return dict(zip(in_order, askers.map(ask, in_order), strict=True))
