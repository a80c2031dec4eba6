"""The servers report the truth about themselves, and the facts that `truths` yields hold."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.kit.command import runs
from tests.kit.waiting import wait_until
from tests.watch.truth import SERVERS, Fact, Target, running, truths

CLIENTS = 3
NAMES = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(not kind.is_installed, reason=f"{kind.needs} is not installed"),
    )
    for name, kind in SERVERS.items()
]


@pytest.mark.parametrize("name", NAMES)
def test_a_server_serves_its_clients_as_the_table_says(name: str) -> None:
    with running(name) as target:
        course = list(_alive(target))
        first, *_ = course
        kind = target.kind
        assert len(first) == (kind.at_once or (0 if name == "gunicorn, sync" else CLIENTS))
        for facts in course:
            processes = {fact.pid for fact in facts.values()}
            threads = {fact.tid for fact in facts.values()}
            if kind.shape.endswith("for each client"):
                assert len(threads) == len(facts)
            if "a process" in kind.shape:
                assert len(processes) == len(facts)
                assert target.pid not in processes
            if kind.shape == "an event loop":
                assert len(threads) < len(facts)
            assert (processes <= {target.pid}) == (name not in FORKING or not facts)
        for client in {client for facts in course for client in facts}:
            served_by = {facts[client][:2] for facts in course if client in facts}
            assert len(served_by) == 1 or not kind.holds


FORKING = ("fork", "gunicorn, sync", "gunicorn, gthread")


def _alive(target: Target) -> Iterator[dict[str, Fact]]:
    """Yield the truths; check that their threads exist."""
    for facts in truths(target, CLIENTS, rounds=1):
        for pid, tid, *_ in facts.values():
            assert Path(f"/proc/{pid}/task/{tid}").exists()
        yield facts


def test_the_same_seed_makes_the_clients_do_the_same() -> None:
    def course(seed: int) -> list[list[bool]]:
        with running("threads") as target:
            moments = truths(target, CLIENTS, rounds=3, seed=seed)
            return [[fact.busy for fact in facts.values()] for facts in moments]

    assert course(1) == course(1) != course(2)


@pytest.mark.parametrize("name", ["threads", "asyncio", "C, threads", "waitress"])
def test_a_server_works_for_as_long_as_a_client_asks(name: str) -> None:
    with running(name) as target, closing(target.talk()) as talker:
        talker.say(work_ms=100)
        ids = talker.answer()
    [told] = target.told
    assert (told.client, told.pid, told.tid, told.work) == (talker.address, *ids, 0.1)
    assert told.answered - told.said >= 0.1


def test_a_client_without_a_thread_is_not_answered_until_another_leaves() -> None:
    with running("pool of two") as target, ExitStack() as stack:
        first, second, third = (stack.enter_context(closing(target.talk())) for _ in range(3))
        third.say()
        second.say()
        first.say()
        ids = first.answer()
        assert second.answer() != ids
        with pytest.raises(TimeoutError):
            third.answer(timeout=0.05)
        first.close()
        assert third.answer() == ids


def test_a_server_ends_with_its_children() -> None:
    with running("fork") as target, closing(target.talk()) as talker:
        talker.say()
        child, _ = talker.answer()
        assert child != target.pid
    wait_until(lambda: not runs(child))
