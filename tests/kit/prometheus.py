"""A real Prometheus that scrapes one port."""

import json
import re
import subprocess
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

from tests.kit.command import program
from tests.kit.http_get import LOOPBACK, get
from tests.kit.waiting import SECONDS


class Prometheus:
    """A Prometheus process: scrapes one port every second, answers queries on another."""

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
        """Return the port that the kernel chose, or None until Prometheus listens."""
        log = self._log.read_text()
        assert self._process.poll() is None, f"Prometheus has ended: {log}"
        listens = re.search(rf'msg="Listening on".* address={re.escape(LOOPBACK)}:(\d+)', log)
        return int(listens[1]) if listens else None

    def answer(self, query: str) -> list[float]:
        """Return the current values of a query: none before the first scrape."""
        port = self._port()
        if port is None:
            return []
        answer = get(port, "/api/v1/query?" + urlencode({"query": query}))
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:  # it is still starting
            return []
        assert answer.status == HTTPStatus.OK, answer.body
        return [float(series["value"][1]) for series in json.loads(answer.body)["data"]["result"]]

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(SECONDS)
