"""The conftest.py of docs/test-on-containers.md, used as in another project."""

import re
import sys
from pathlib import Path

import docker

from tests.kit.command import ROOT, run
from tests.kit.containers import SERVER_IMAGE

NOBODY = 2**22 + 1  # higher than any process id: proc(5)
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TEST = """
from socket import create_connection

def test_it_greets(server):
    address = server.get_container_host_ip(), server.get_exposed_port(2022)
    with create_connection(address, 30) as client:
        assert client.recv(3) == b"+OK"
"""


def test_a_run_removes_what_a_killed_one_left_and_leaves_nothing(
    engine: docker.DockerClient, tmp_path: Path
) -> None:
    [conftest] = BLOCK.findall((ROOT / "docs" / "test-on-containers.md").read_text("utf-8"))
    ours = conftest.replace("thread-lanes-server", SERVER_IMAGE)
    (tmp_path / "conftest.py").write_text(ours, encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TEST, encoding="utf-8")
    label = re.findall(r'^LABEL = "(.+)"$', conftest, re.MULTILINE)[0]
    engine.containers.create(SERVER_IMAGE, labels={label: str(NOBODY)})
    done = run(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", tmp_path)
    assert done.returncode == 0, done.stdout
    assert engine.containers.list(all=True, filters={"label": label}) == []
