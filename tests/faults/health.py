"""Somebody who asks the server steadily whether it is well, and keeps the worst answer."""

import contextlib
import http.client
import time
from typing import NamedTuple

from tests.faults.companion import Call, Companion
from tests.kit.http_get import LOOPBACK
from tests.kit.waiting import SECONDS

PAUSE = 0.1  # seconds between an answer and the next question


class Health(NamedTuple):
    """What /healthz has said."""

    asked: int
    errors: list[str]  # whatever was not 200
    worst: float  # seconds, from before the connect to the answer's end


class HealthWatch(Companion[Health]):
    """Asks ten times a second from when it is entered until `finish`."""

    def __init__(self, status_port: int) -> None:
        super().__init__(_watch, status_port)


def _watch(call: Call, status_port: int) -> Health:
    asked, errors, worst = 0, [], 0.0
    call.ready()
    while not call.over.wait(PAUSE):
        asked += 1
        began = time.monotonic()
        try:
            status = _ask(status_port)
        except (OSError, http.client.HTTPException) as error:
            errors.append(f"question {asked}: {error!r}")
        else:
            if status != http.HTTPStatus.OK:
                errors.append(f"question {asked}: {status}")
        worst = max(worst, time.monotonic() - began)
    return Health(asked, errors, worst)


def _ask(status_port: int) -> int:
    with contextlib.closing(
        http.client.HTTPConnection(LOOPBACK, status_port, timeout=SECONDS)
    ) as connection:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        answer.read()
        return answer.status
