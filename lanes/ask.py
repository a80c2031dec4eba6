"""Asks one server, or all servers behind a name, for /sessions.json."""

import http.client
import re
import socket
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from lanes.document import Unreadable, parse
from lanes.replicas import Answer, merge
from lanes.snapshot import Door, Snapshot

SECONDS = 3.0  # for each step: to connect, and for the next bytes of the answer
LINE = 200  # characters of an unexpected answer that are quoted
LARGEST = 16 * 1024 * 1024  # bytes of an answer that are read; our server's stay under 1 MiB
SEEN = "seen"  # the label of what was seen from outside, next to what servers report
AT_ONCE = 32  # servers that are asked at the same time
SHARE = 0.003  # of a core that a server may spend on answers: the costlier, the fewer
LONGEST = 5.0  # seconds; the longest pause between two requests
COST = re.compile(r"\bcpu;dur=([0-9]{1,6}(\.[0-9]{1,9})?)(?![\w.])")  # milliseconds


class NoAnswer(Exception):
    """No server answered as it should; the text says why, in one line."""

    def __init__(self, text: str) -> None:
        super().__init__(text.strip().encode("unicode_escape").decode())  # it may quote the server


class Source(Protocol):
    """A source that knows which thread serves which client: servers to ask, or a watched one."""

    @property
    def pause(self) -> float:
        """Seconds to wait before it is asked again."""
        ...

    def ask(self) -> tuple[list[Answer], list[str]]:
        """Return what each server reports, and why others do not answer. Raises NoAnswer."""
        ...

    def snapshot(self) -> Snapshot:
        """Return all of it as one snapshot. Raises NoAnswer."""
        ...


class Beside:
    """What servers report and, if `lanes watch` runs, what it sees of them."""

    def __init__(self, servers: Source, watch: Source) -> None:
        self._servers = servers
        self._watch = watch

    @property
    def pause(self) -> float:
        """The servers' own pause: asking `lanes watch` does not hold up any client."""
        return self._servers.pause

    def ask(self) -> tuple[list[Answer], list[str]]:
        """Return what servers report, and what `lanes watch` sees if it runs. Raises NoAnswer."""
        answers, missing = self._servers.ask()
        with suppress(NoAnswer):
            seen, _ = self._watch.ask()
            names = {one.peer: one.client for said in answers for one in said.snapshot.sessions}
            return answers + [_beside(answer, names) for answer in seen], missing
        return answers, missing

    def snapshot(self) -> Snapshot:
        """Return all of it as one snapshot. Raises NoAnswer."""
        return merge(*self.ask())


def _beside(answer: Answer, names: Mapping[str, str]) -> Answer:
    """Return what was seen, with the clients' names as the servers report them."""
    sessions = tuple(
        replace(one, client=names.get(one.peer, one.client)) for one in answer.snapshot.sessions
    )
    return answer._replace(snapshot=replace(answer.snapshot, replica=SEEN, sessions=sessions))


class Servers:
    """The servers behind a name.

    A draining server leaves the name but still serves, so one that has answered is asked again
    until it stops answering.
    """

    def __init__(self, name: str, port: int) -> None:
        self._name = name
        self._port = port
        self._known: dict[str, Answer] = {}
        self.door = Door()  # for callers that know more about it than the servers

    def ask(self) -> tuple[list[Answer], list[str]]:
        """Return what each reports, and why others did not answer. Raises NoAnswer."""
        named = self._look_up()
        answers, silent = self._fetch(sorted(named | self._known.keys()))
        self._known = answers
        if not answers:
            raise NoAnswer(next(iter(silent.values())))
        # A server may have addresses of both families, and listen on only one of them.
        families = {":" in host for host in answers}
        servers = {one.snapshot.run: one for one in answers.values()}
        missing = [host for host in silent if host in named and (":" in host) in families]
        return list(map(self._entered, servers.values())), [silent[host] for host in missing]

    @property
    def pause(self) -> float:
        """Seconds to wait before they are asked again, so that it costs no server too much."""
        dearest = max((answer.cost for answer in self._known.values()), default=0.0)
        return min(dearest / SHARE, LONGEST)

    def snapshot(self) -> Snapshot:
        """Return what all of them report, as one snapshot. Raises NoAnswer."""
        return merge(*self.ask())

    def _entered(self, answer: Answer) -> Answer:
        """Add the server's door; unless its port was given, the host is the one that answered."""
        door = self.door if self.door.port is not None else replace(self.door, host=answer.host)
        return answer._replace(snapshot=replace(answer.snapshot, door=door))

    def _look_up(self) -> set[str]:
        """Return all addresses of the name; none if it is gone, but its servers may still drain."""
        try:
            found = socket.getaddrinfo(self._name, self._port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            if self._known:
                return set()
            why = getattr(error, "strerror", None) or error
            known = "a Compose or Swarm service's name resolves only in its containers' network"
            raise NoAnswer(f"the name {self._name!r} is not known here ({why}); {known}") from None
        # IPv6 addresses keep their scope, if they have one.
        numeric = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
        return {socket.getnameinfo(address, numeric)[0] for *_, address in found}

    def _fetch(self, hosts: list[str]) -> tuple[dict[str, Answer], dict[str, str]]:
        """Ask all hosts at the same time; return the answers, and why others did not answer."""
        answers, silent = {}, {}
        with ThreadPoolExecutor(AT_ONCE) as askers:
            asked = {
                host: askers.submit(fetch, host, self._port, self._known.get(host))
                for host in hosts
            }
        for host, asking in asked.items():
            try:
                answers[host] = asking.result()
            except NoAnswer as error:
                silent[host] = str(error)
        return answers, silent


def fetch(host: str, port: int, earlier: Answer | None = None) -> Answer:
    """Return what the server at this address reports. Raises NoAnswer.

    If it has answered before, it only has to report what has happened since.
    """
    since = earlier.snapshot.at if earlier else 0.0
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.connect()
        before = time.time()
        connection.request("GET", f"/sessions.json?since={since!r}")
        answer = connection.getresponse()
        after = time.time()
        body = answer.read(LARGEST)
        if answer.status != http.HTTPStatus.OK:
            said = body.partition(b"\n")[0].decode(errors="replace")[:LINE]
            raise NoAnswer(f"{host} port {port} answered {answer.status} {answer.reason}: {said}")
        snapshot = parse(body)
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"no answer from {host} port {port}: {error}") from None
    except Unreadable as error:
        raise NoAnswer(f"{host} port {port} answered, but {error}") from None
    finally:
        connection.close()
    if earlier and snapshot.since:
        if snapshot.run != earlier.snapshot.run:  # it has been restarted
            return fetch(host, port)
        snapshot = snapshot.after(earlier.snapshot)
    ahead, within = snapshot.at - (before + after) / 2, (after - before) / 2
    cost = COST.search(answer.headers.get("Server-Timing", ""))
    return Answer(host, snapshot, ahead, within, float(cost[1]) / 1000 if cost else 0.0)
