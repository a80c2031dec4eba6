"""Asks a running server's HTTP port, from the command line: `health` and `lanes`."""

import http.client
import json
from typing import Any

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


def lanes_table(host: str, port: int) -> str:
    """Which thread served whom, a line for each session."""
    snapshot = json.loads(fetch(host, port, "/sessions.json"))
    head = ("SESSION", "CLIENT", "THREAD", "OS THREAD", "STATE", "WAITED", "SERVED", "MESSAGES")
    rows = [head, *map(_row, snapshot["sessions"])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    accepted, peak = snapshot["accepted"], snapshot["peak_serving"]
    lines.append(f"model {snapshot['model']}: {accepted} accepted, at most {peak} served at once")
    return "\n".join(lines)


def _row(session: dict[str, Any]) -> tuple[str, ...]:
    accepted, served, closed = (session[f"{step}_at"] for step in ("accepted", "served", "closed"))
    return (
        str(session["number"]),
        session["peer"],
        session["thread"] or "-",
        str(session["native_id"] or "-"),
        session["end"] or session["state"],
        _seconds(accepted, served or closed),
        _seconds(served, closed),
        str(session["messages"]),
    )


def _seconds(start: float | None, end: float | None) -> str:
    return "-" if start is None or end is None else f"{end - start:.1f} s"
