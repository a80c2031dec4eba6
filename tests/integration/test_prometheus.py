"""A real Prometheus scrapes the server and is asked what it has seen."""

import http.client
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.kit.http_get import LOOPBACK
from tests.kit.images import STATUS_PORT, Client, Server
from tests.kit.waiting import SECONDS, wait_until

SERVED = 'sum(lanes_sessions{state="serving"})'


def program(name: str) -> str:
    """Where it is."""
    found = shutil.which(name)
    if not found:
        pytest.fail(f"there is no `{name}` here: run scripts/ensure-test-programs", pytrace=False)
    return found


def get(port: int, path: str) -> tuple[int, bytes]:
    """The status and the body."""
    with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=SECONDS)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()


class Prometheus:
    """The program, which scrapes one port every second; it has a port of its own for questions."""

    def __init__(self, target: int, directory: Path) -> None:
        config, self._log = directory / "prometheus.yml", directory / "prometheus.log"
        scrape = {"job_name": "lanes", "static_configs": [{"targets": [f"{LOOPBACK}:{target}"]}]}
        config.write_text(  # JSON is YAML
            json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": [scrape]})
        )
        words = [
            program("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={directory / 'storage'}",
            f"--web.listen-address={LOOPBACK}:0",  # the kernel chooses
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(words, cwd=directory, stdout=log, stderr=log)

    def _port(self) -> int | None:
        """Which one the kernel chose; None as long as it does not listen."""
        log = self._log.read_text()
        assert self._process.poll() is None, f"Prometheus has ended: {log}"
        listens = re.search(rf'msg="Listening on".* address={re.escape(LOOPBACK)}:(\d+)', log)
        return int(listens[1]) if listens else None

    def answer(self, query: str) -> list[float]:
        """The values that it has for a query now: none before the first scrape."""
        port = self._port()
        if port is None:
            return []
        status, body = get(port, "/api/v1/query?" + urlencode({"query": query}))
        if status == http.client.SERVICE_UNAVAILABLE:  # it is still starting
            return []
        assert status == http.client.OK, body
        return [float(series["value"][1]) for series in json.loads(body)["data"]["result"]]

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(SECONDS)


@pytest.fixture(scope="session", autouse=True)
def programs() -> None:
    """Missed here, before there is a container whose log would be shown."""
    program("prometheus")
    program("promtool")


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    return start_server()


@pytest.fixture
def prometheus(server: Server, tmp_path: Path) -> Iterator[Prometheus]:
    prometheus = Prometheus(server.get_exposed_port(STATUS_PORT), tmp_path)
    yield prometheus
    prometheus.end()


def complaints(server: Server) -> str:
    """What `promtool` finds wrong with the page as it is now."""
    status, page = get(server.get_exposed_port(STATUS_PORT), "/metrics")
    assert status == http.client.OK
    promtool = [program("promtool"), "check", "metrics"]
    checked = subprocess.run(promtool, input=page, capture_output=True, check=False)
    said = (checked.stdout + checked.stderr).decode()
    assert said or checked.returncode == 0
    return said


def test_prometheus_counts_the_clients_that_are_served(
    server: Server, prometheus: Prometheus, start_client: Callable[..., Client]
) -> None:
    wait_until(lambda: prometheus.answer(SERVED) == [0])
    for _ in range(3):
        start_client("--repeat", "forever")
    wait_until(lambda: prometheus.answer(SERVED) == [3])
    for _ in range(2):
        start_client("--repeat", "forever")
    wait_until(lambda: prometheus.answer(SERVED) == [5])
    assert server.snapshot()["serving"] == 5
    assert prometheus.answer("up") == [1]


def test_prometheus_has_every_answer_and_byte_of_a_client_that_has_left(
    server: Server, prometheus: Prometheus, start_client: Callable[..., Client]
) -> None:
    client = start_client()
    assert client.exit_code() == 0
    answered = client.summary()["answered"]
    wait_until(lambda: prometheus.answer('lanes_sessions_ended_total{reason="bye"}') == [1])
    assert prometheus.answer("lanes_messages_total") == [answered]
    assert prometheus.answer("lanes_answer_seconds_count") == [answered]
    assert prometheus.answer('lanes_answer_seconds_bucket{le="+Inf"}') == [answered]
    [session] = server.sessions()
    assert prometheus.answer("lanes_received_bytes_total") == [session["bytes_in"]]
    assert prometheus.answer("lanes_sent_bytes_total") == [session["bytes_out"]]


def test_promtool_finds_nothing_wrong_before_the_first_client(server: Server) -> None:
    assert complaints(server) == ""


def test_promtool_finds_nothing_wrong_while_clients_come_and_go(
    server: Server, start_client: Callable[..., Client]
) -> None:
    start_client("--repeat", "forever")
    start_client().exit_code()
    wait_until(lambda: server.snapshot()["serving"] == 1)
    assert complaints(server) == ""
