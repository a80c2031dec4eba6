"""What a thread is called where there are several servers."""

import pytest

from server.replica import NAME, thread_name


def test_a_replicas_name_stands_before_its_threads() -> None:
    assert thread_name("server-2", "Thread-1") == "server-2/Thread-1"


def test_a_server_that_is_alone_has_threads_by_their_own_names() -> None:
    assert thread_name("", "Thread-1") == "Thread-1"


@pytest.mark.parametrize("name", ["server-2", "1", "web_1.example", "x" * 63])
def test_a_task_a_host_or_a_number_can_be_its_name(name: str) -> None:
    assert NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a/b", "-a", "é", "a\n", "x" * 64])
def test_what_would_be_mistaken_on_the_wire_cannot(name: str) -> None:
    assert not NAME.fullmatch(name)
