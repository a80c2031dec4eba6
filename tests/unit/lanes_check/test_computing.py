"""A server that computes although nobody is connected is noticed, unless it always has."""

from functools import partial

import pytest

from lanes.check.computing import Computing
from lanes.check.departures import SPINS, ghosts
from lanes.check.scorecard import score
from lanes.watch.target import NotFound, Target, of_pid
from tests.kit.fake_server import CHUNK, UNTIL_GONE, Action
from tests.kit.puppet import Puppet
from tests.unit.lanes_check.subjects import subject

SPIN = "threading.Thread(target=exec, args=('while True: pass',), daemon=True).start()"


@pytest.fixture(autouse=True)
def even_a_busy_machine_has_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lanes.check.computing.BUSY", 0.02)


def test_a_loop_that_began_during_the_checks_is_noticed_also_in_a_child() -> None:
    with Puppet("sh", "-c", '"$@"; exit', "sh") as puppet:
        puppet.do("")  # it has started
        computing = Computing(partial(of_pid, puppet.process.pid))
        assert computing.goes_on() == 0
        puppet.do(SPIN)
        assert computing.goes_on() > 0


def test_a_server_that_polls_from_the_start_or_cannot_be_seen_is_not_blamed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody() -> Target:
        raise NotFound("there is no process 0 here")

    with Puppet() as puppet:
        puppet.do(SPIN)
        assert Computing(partial(of_pid, puppet.pid)).goes_on() == 0
    assert Computing(nobody).goes_on() == 0
    monkeypatch.setattr("sys.platform", "darwin")
    assert Computing(nobody).goes_on() == 0


def test_clients_that_leave_a_loop_behind_fail_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lanes.check.departures.GHOSTS", 2)
    answered: list[Action] = [CHUNK, b"Today", UNTIL_GONE]
    left: list[Action] = [UNTIL_GONE]
    with subject([left, left, answered, answered]) as found:
        found.goes_on = lambda: 0.97
        [result] = score(found, [ghosts], print)
    assert (result.verdict, result.hint) == ("failed", SPINS)
    used = "the server used 97% of a core, though nobody was connected"
    assert result.evidence == f"after 2 clients had left, {used}"
