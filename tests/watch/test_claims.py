"""What `lanes watch` draws of servers that report which thread answers."""

import pytest

from tests.watch.count import course
from tests.watch.test_truth import NAMES
from tests.watch.truth import SERVERS, running

ROUNDS = 3


@pytest.mark.parametrize("name", NAMES)
def test_certain_claims_are_right_and_no_client_is_missing(name: str) -> None:
    with running(name) as target:
        found = course(target, ROUNDS)
    assert found.wrong == []
    assert found.late == []
    if SERVERS[name].busy:
        assert found.verdicts["not claimed"] == 0
    if SERVERS[name].idle:
        assert found.verdicts["right"] > 2 * ROUNDS
    # Before the first answer, the kind may be "an event loop, or a pool of 4".
    assert any(SERVERS[name].shape in kind for kind in found.kinds)
