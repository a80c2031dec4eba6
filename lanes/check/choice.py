"""Chooses the checks by the protocol, by what is watched, and by `--only`."""

from collections.abc import Collection, Sequence
from functools import partial

import click

from lanes.check.address import Address
from lanes.check.claim import Check
from lanes.check.crowds import concurrent
from lanes.check.lookout import Find
from lanes.check.scorecard import OFFERED
from lanes.check.threads import NAME as THREADS
from lanes.check.threads import threads
from lanes.watch.target import of_container, of_pid, of_port

EVERY_CHECK = list(dict.fromkeys(check.name for checks in OFFERED.values() for check in checks))
WATCHED = "--pid, --container, --require threads or -- COMMAND"


def finder(
    server: Address | None, pid: int | None, container: str | None, child: Find | None
) -> Find | None:
    """Return how to find what to watch: by default, what listens on that port of this machine."""
    if sum(map(bool, (pid, container, child))) > 1:
        raise click.UsageError("--pid, --container and -- COMMAND exclude each other.")
    if pid:
        return partial(of_pid, pid)
    if container:
        return partial(of_container, container, None)
    return child or (partial(of_port, server.port) if server else None)


def chosen(
    protocol: str, only: Collection[str], find: Find | None, clients: int, *, required: bool
) -> list[Check]:
    """Return the checks to run; raises UsageError for one that is not offered.

    Watching threads replaces the check of what the server reports about them, and includes it.
    """
    offered = {check.name: check for check in OFFERED[protocol]}
    if find:
        told = offered.pop(THREADS, None)
        seen = threads(find, clients, required=required, told=told)
        offered = {check.name: check for check in _after(concurrent, seen, [*offered.values()])}
    for name in only:
        if name not in offered:
            watched = f", or to watch: {WATCHED}" if name == THREADS else ""
            raise click.UsageError(f"the check `{name}` needs --protocol lines{watched}.")
    return [check for name, check in offered.items() if not only or name in only]


def _after(one: Check, new: Check, checks: Sequence[Check]) -> list[Check]:
    at = checks.index(one) + 1
    return [*checks[:at], new, *checks[at:]]
