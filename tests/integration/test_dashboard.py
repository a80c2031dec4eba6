"""The dashboard of the profile `metrics` is current, and each of its queries has an answer."""

import math
from collections.abc import Iterator

import pytest

from metrics.dashboard import FILE, INTERVAL, queries, written
from tests.kit.command import ROOT, program, well
from tests.kit.peer import Peer
from tests.kit.prometheus import Prometheus
from tests.kit.server_process import ServerProcess
from tests.kit.waiting import wait_until


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, Prometheus]]:
    with ServerProcess() as server:
        prometheus = Prometheus(server.status_port, tmp_path_factory.mktemp("prometheus"))
        yield server, prometheus
        prometheus.end()


def test_the_file_is_what_its_code_writes() -> None:
    assert FILE.read_text(encoding="utf-8") == written()


def test_prometheus_understands_its_settings() -> None:
    well(program("promtool"), "check", "config", str(ROOT / "metrics/prometheus.yml"))


def visit(server: ServerProcess) -> None:
    """Connect, and send one line of text and one that is not text."""
    with Peer(server.address) as peer:
        peer.send(b"hello\r\n\xff\r\n")
        assert [peer.line()[:4] for _ in range(3)] == ["+OK ", "+OK ", "-ERR"]


@pytest.mark.parametrize("query", sorted(set(queries())))
def test_each_panel_has_something_to_show(
    query: str, watched: tuple[ServerProcess, Prometheus]
) -> None:
    server, prometheus = watched

    def shows_something() -> bool:
        visit(server)
        values = prometheus.answer(query.replace(INTERVAL, "5s"))
        return bool(values) and not any(map(math.isnan, values))

    wait_until(shows_something, pause=0.1)
