"""A server's settings in words, for readers of a report. Those that say nothing are left out."""

from collections.abc import Iterator
from typing import Any

from lanes.snapshot import Snapshot

MODELS = {
    "thread": "a thread for each client",
    "cached": "a thread for each client, kept for the next one",
    "pool": "a pool of {workers} threads that all clients share",
    "lock": "a thread for each client, and one lock that all share",
}
PROTOCOLS = {
    "lines": "lines of text",
    "handout": "the original lab's, where whatever one recv returns is a message",
}
WORK = {"spin": "of a core", "sleep": "of waiting"}
SECONDS = {
    "idle_timeout": "A client may be silent for",
    "line_timeout": "A line may take",
    "send_timeout": "A client may leave a reply unread for",
    "grace": "Time for sessions to end at shutdown",
}
WITH_TLS = {"handshake_timeout": "A TLS handshake may take"}
OTHERS = {
    "max_clients": "Clients at a time, at most",
    "log_level": "Logged from level",
    "log_format": "Format of the log",
}
# Where it listened does not matter afterwards; the others are in other lines of the report.
ELSEWHERE = {"host", "port", "status_port", "workers", "replica", "tls", "tls_key", *WITH_TLS}


def in_words(server: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield each setting and its value, in words."""
    settings = {name: value for name, value in server.settings.items() if value not in (None, "")}
    model = MODELS.get(server.model, server.model).format_map({"workers": "some"} | settings)
    yield "Threads", model
    yield "Protocol", PROTOCOLS.get(server.protocol, server.protocol)
    if server.gil is not None:
        yield "Python's GIL", "on" if server.gil else "off"
    for name, value in settings.items():
        if name not in {"model", "protocol", *ELSEWHERE}:
            yield _pair(name, value)
    if "tls_cert" in settings:
        yield from ((said, _seconds(settings[name])) for name, said in WITH_TLS.items())


def _pair(name: str, value: Any) -> tuple[str, str]:  # noqa: ANN401 - whatever a server has set
    match name:
        case "work":
            kind, _, milliseconds = str(value).partition(":")
            return "Extra work per message", f"{milliseconds} ms {WORK.get(kind, kind)}"
        case "cpus":
            return "CPUs used for serving", "one" if value == "one" else "all"
        case "tls_cert":
            return "Encryption", "TLS"
        case "tls_client_ca":
            return "Clients prove their names", "with certificates"
    if name in SECONDS:
        return SECONDS[name], _seconds(value)
    return OTHERS.get(name, name.replace("_", " ").capitalize()), str(value)


def _seconds(value: Any) -> str:  # noqa: ANN401 - whatever a server has set
    return f"{value:g} s" if isinstance(value, float | int) else str(value)
