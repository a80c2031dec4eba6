"""Which server is watched while it is checked."""

from functools import partial

import pytest

from lanes.check.address import Address
from lanes.check.choice import finder
from lanes.watch.target import of_container, of_pid, of_port

HERE = Address("127.0.0.1", 2022)


@pytest.mark.parametrize(
    ("named", "how", "what"),
    [
        ((HERE, 7, None, None), of_pid, (7,)),
        ((HERE, None, "lab", None), of_container, ("lab", None)),
        ((HERE, None, None, None), of_port, (2022,)),
    ],
)
def test_the_process_or_container_that_is_named_is_watched_and_else_what_listens(
    named: tuple[Address, int | None, str | None, None], how: object, what: tuple[object, ...]
) -> None:
    found = finder(*named)
    assert isinstance(found, partial)
    assert (found.func, found.args) == (how, what)
