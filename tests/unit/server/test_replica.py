"""What a server may be called where there are several."""

import pytest

from server.replica import NAME


@pytest.mark.parametrize("name", ["server-2", "1", "web_1.example", "x" * 63])
def test_a_task_a_host_or_a_number_can_be_its_name(name: str) -> None:
    assert NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a/b", "-a", "é", "a\n", "x" * 64])
def test_what_would_be_mistaken_on_the_wire_cannot(name: str) -> None:
    assert not NAME.fullmatch(name)
