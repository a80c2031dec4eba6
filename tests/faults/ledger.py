"""One client's numbered messages from both ends: the replies it got, what the server received.

Each connection has its share of the numbers. It begins with the first that was not answered before.
It ends with the last that the server answered, or with one more that is in doubt. That one may
arrive late, after the client has sent it again on another connection.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import takewhile

from tests.faults.reference import OK
from tests.faults.tally import Tally
from tests.kit.json_log import Event


def script(name: str, messages: int, pause: float) -> str:
    """Return a script of a client's messages: `name 1`, `name 2`, ..., with pauses in seconds."""
    return f"#pause {pause}\n".join(f"{name} {number}\n" for number in range(1, messages + 1))


class Ledger:
    """The events that client `name` logged, and all that the server logged, in order."""

    def __init__(self, name: str, client: Iterable[Event], server: Iterable[Event]) -> None:
        self.name = name
        self._client = list(client)
        self._received: list[int] = []
        # By the server's life and the client's address, which may recur in a later life.
        self._connections: dict[tuple[int, str], list[int]] = defaultdict(list)
        self._lives = 0
        for event in server:
            if event["event"] == "bound":
                self._lives += 1
            elif event["event"] == "received from the client":
                said_by, _, number = event["text"].partition(" ")
                if said_by == name:
                    self._received.append(int(number))
                    self._connections[self._lives, event["peer"]].append(int(number))

    @property
    def summary(self) -> Event:
        """The client's report on what happened to its messages; empty if there is none."""
        return next((event for event in self._client if event["event"] == "summary"), {})

    def complaints(self, exit_code: int | None) -> Iterable[str]:
        summary = self.summary
        if exit_code or not summary:
            yield f"exit code {exit_code}, {self._client[-3:]}"
            return
        answered, lost = summary["answered"], summary["connections"] - 1
        if answered != summary["messages"]:
            yield f"{summary['messages'] - answered} unanswered"
        replies = [event["number"] for event in self._client if event["event"] == "reply"]
        if replies != [*range(1, answered + 1)]:
            yield "its replies are not one for each message, in order"
        yield from self._forged()
        if summary["resent"] > lost:
            yield f"{summary['resent']} messages were in doubt, but {lost} connections lost"
        missing = {*range(1, answered + 1)} - {*self._received}
        if missing - self._killed_with_the_log(missing):
            yield f"answered, but not received: {sorted(missing)}"
        first_receptions = list(dict.fromkeys(self._received))
        if first_receptions != sorted(first_receptions):
            yield "its messages were received out of order"
        yield from self._strays()

    def _killed_with_the_log(self, missing: set[int]) -> set[int]:
        """Return those that were the last of a connection that a kill may have ended.

        A message is logged a moment after its answer, and in that moment a server on a busy machine
        may answer many more.
        """
        *ended, _ = self._shares()
        found = set[int]()
        for _, before, answered in ended if self._lives > 1 else []:
            last_first = range(before + answered, before, -1)
            found.update(takewhile(missing.__contains__, last_first))
        return found

    def _forged(self) -> Iterable[str]:
        thread = None
        for event in self._client:
            if event["event"] == "greeted":
                thread = event["thread"]
            elif event["event"] == "reply" and (event["thread"], event["text"]) != (thread, OK):
                yield f"a reply that the thread which greeted it did not give: {event}"

    def _strays(self) -> Iterable[str]:
        """Yield what the server has received on a connection beyond that connection's share."""
        shares = {(local, before): answered for local, before, answered in self._shares()}
        for (_, peer), numbers in self._connections.items():
            first = numbers[0]
            most = shares.get((peer, first - 1), -1) + 1  # and one in doubt
            if numbers != [*range(first, first + len(numbers))] or len(numbers) > most:
                yield f"on {peer} the server received {numbers}, and {most} at most were to come"

    def _shares(self) -> Iterable[tuple[str, int, int]]:
        """Yield each connection's local address, and how many answers came before it and on it."""
        local, before, answered = "", 0, 0
        for event in self._client:
            if event["event"] == "connected":
                yield local, before, answered
                local, before, answered = event["local"], before + answered, 0
            elif event["event"] == "reply":
                answered += 1
        yield local, before, answered


def audit(ledgers: Iterable[Ledger], exit_codes: Iterable[int | None], tally: Tally) -> None:
    """Count everything that is wrong with the ledgers; record how many messages there were."""
    messages = sent_again = 0
    for ledger, code in zip(ledgers, exit_codes, strict=True):
        for complaint in ledger.complaints(code):
            tally.check(False, f"{ledger.name}: {complaint}", rounds=0)
        messages += ledger.summary.get("messages", 0)
        sent_again += ledger.summary.get("resent", 0)
    tally.measure(messages=f"{messages:,}", sent_again=f"{sent_again:,}")
