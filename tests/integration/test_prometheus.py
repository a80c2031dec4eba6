"""A real Prometheus scrapes the server and is asked what it has seen."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.kit.command import program, run
from tests.kit.http_get import get
from tests.kit.images import STATUS_PORT, Client, Server
from tests.kit.prometheus import Prometheus
from tests.kit.waiting import wait_until

SERVED = 'sum(lanes_sessions{state="serving"})'
LEFT = 'lanes_sessions_ended_total{reason="bye"}'


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    return start_server()


@pytest.fixture
def prometheus(server: Server, tmp_path: Path) -> Iterator[Prometheus]:
    prometheus = Prometheus(server.get_exposed_port(STATUS_PORT), tmp_path)
    yield prometheus
    prometheus.end()


def complaints(server: Server) -> str:
    """Return what `promtool` finds wrong with the current page."""
    page = get(server.get_exposed_port(STATUS_PORT), "/metrics")
    assert page.status == HTTPStatus.OK
    checked = run(program("promtool"), "check", "metrics", says=page.body.decode())
    assert checked.stdout or checked.stderr or checked.returncode == 0
    return checked.stdout + checked.stderr


def test_prometheus_counts_clients_and_messages_and_promtool_is_content(
    server: Server, prometheus: Prometheus, start_client: Callable[..., Client]
) -> None:
    wait_until(lambda: prometheus.answer(SERVED) == [0], pause=0.1)
    assert prometheus.answer("up") == [1]
    assert complaints(server) == ""

    client = start_client()
    assert client.exit_code() == 0
    answered = client.summary()["answered"]
    wait_until(lambda: prometheus.answer(LEFT) == [1], pause=0.1)
    [session] = server.sessions()
    for name, value in {
        "lanes_messages_total": answered,
        "lanes_answer_seconds_count": answered,
        'lanes_answer_seconds_bucket{le="+Inf"}': answered,
        "lanes_received_bytes_total": session["bytes_in"],
        "lanes_sent_bytes_total": session["bytes_out"],
    }.items():
        assert prometheus.answer(name) == [value], name

    for count in (1, 3):
        for _ in range(count - server.snapshot()["serving"]):
            start_client("--repeat", "forever")
        wait_until(lambda count=count: prometheus.answer(SERVED) == [count], pause=0.1)  # type: ignore[misc]  # a default
    assert server.snapshot()["serving"] == 3
    assert complaints(server) == ""
