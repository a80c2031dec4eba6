"""docs/servers.md shows what `make seen` has found, and nothing else."""

from tests.seen.page import DOCS, NAME, page, recorded
from tests.seen.subjects import SUBJECTS

FOUND = recorded()


def test_the_page_shows_what_was_found() -> None:
    assert (DOCS / NAME).read_text() == page(FOUND)


def test_each_server_of_the_table_was_found_with_a_guess_and_a_fact() -> None:
    told = [(one["name"], one["is"], one["guess"], one["fact"]) for one in FOUND["servers"]]
    assert told == [(one.name, one.kind, one.guess, one.fact) for one in SUBJECTS]
    assert all(all(row) for row in told)


def test_no_certain_claim_was_wrong() -> None:
    assert not any(one["wrong"] for one in FOUND["servers"])


def test_nothing_was_claimed_of_a_runtime_with_its_own_scheduler() -> None:
    runtimes = [one for one in FOUND["servers"] if "runtime" in one["is"]]
    assert len(runtimes) >= 5  # Go, Erlang, tokio, Java 21 and 25
    for one in runtimes:
        assert (one["kind"], one["certain"]) == (one["is"], 0)
        assert {*one["idle"], *one["busy"]} <= {"polled", "unknown"}
