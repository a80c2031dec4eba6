"""Who looks on: what one server shows, or what all show that a name stands for, put together."""

from collections.abc import Iterator
from contextlib import contextmanager

from server.status import Answer, Unwell, addresses, fetch, fetch_each
from server.views.merged import merge_pictures
from server.views.merged_trace import merge_traces
from server.views.picture import Picture

TRACE = "/trace.json"


class Onlooker:
    """Looks at the server at `host`, or at all of a name. Both ways may raise Unwell."""

    def __init__(self, host: str, port: int, name: str | None) -> None:
        self._host = host
        self._port = port
        self._name = name
        self._known: set[str] = set()  # who answered last

    def picture(self, path: str) -> Picture:
        """What there is to draw now, by the page at `path`."""
        with self._understanding():
            if self._name is None:
                return Picture.from_json(fetch(self._host, self._port, path).body)
            return merge_pictures(*self._ask(self._name, path))

    def trace(self) -> tuple[str, list[Unwell]]:
        """All that is remembered, as a file for Perfetto, and who is not in it."""
        with self._understanding():
            if self._name is None:
                return fetch(self._host, self._port, TRACE).body.decode(), []
            answers, silent = self._ask(self._name, TRACE)
            return merge_traces(answers), silent

    def _ask(self, name: str, path: str) -> tuple[list[Answer], list[Unwell]]:
        """What all say, and why some of those that the name stands for say nothing.

        A server that drains has left the name, and still serves. So whoever has answered is asked
        again, until it answers no more.
        """
        named = addresses(name, self._port)
        said = fetch_each(named | self._known, self._port, path)
        answers = [one for one in said.values() if isinstance(one, Answer)]
        silent = [one for host, one in said.items() if host in named and isinstance(one, Unwell)]
        if not answers:
            raise silent[0]
        self._known = {answer.host for answer in answers}
        return answers, silent

    @contextmanager
    def _understanding(self) -> Iterator[None]:
        """In a swarm that is being updated one version may ask another."""
        try:
            yield
        except ValueError as error:
            raise Unwell(f"{self._name or self._host} port {self._port}: {error}") from None
