"""Asks a running server's HTTP port: the commands `health` and `lanes` do."""

import http.client

SECONDS = 3.0  # for each step: to connect, and for the next bytes of the answer
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what to ask, not to bind


class Unwell(Exception):
    """The server did not answer as it should; the text says how."""


def fetch(host: str, port: int, path: str) -> bytes:
    """The body of the page at `path`; raises Unwell."""
    asked = EVERYWHERE.get(host, host)
    connection = http.client.HTTPConnection(asked, port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Unwell(f"no answer from {asked} port {port}: {error}") from None
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise Unwell(f"{asked} port {port} answered {answer.status} {answer.reason}")
    return body
