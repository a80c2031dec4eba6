"""The real stack.yaml, deployed under this run's name."""

import json
from functools import partial
from typing import Any

import docker
from docker.models.containers import Container
from docker.models.services import Service

from tests.kit import waiting
from tests.kit.command import PATIENCE, run, well
from tests.kit.containers import OURS_IN_SWARM, PROJECT

FILES = ("stack.yaml", "tests/swarm/quick.yaml")
# Each check is a request to the engine, and a wait may take as long as a command.
wait_until = partial(waiting.wait_until, seconds=PATIENCE, pause=0.1)


class Stack:
    """`docker stack` and `docker service`, and the state of the tasks."""

    def __init__(self, engine: docker.DockerClient) -> None:
        self._engine = engine

    def deploy(self, *overlays: str, **variables: str) -> None:
        files = [word for file in (*FILES, *overlays) for word in ("--compose-file", file)]
        words = ("--resolve-image", "never", "--detach=true", PROJECT)
        well("docker", "stack", "deploy", *files, *words, **variables)

    def remove(self) -> None:
        """Retry until all is gone: a network that a task still uses is not removed later."""

        def is_gone() -> bool:
            run("docker", "stack", "rm", PROJECT)
            return not self.left()

        wait_until(is_gone)

    def left(self) -> list[str]:
        """Return the names of everything that belongs to the stack."""
        services = self._engine.services.list(filters=OURS_IN_SWARM)
        networks = self._engine.networks.list(filters=OURS_IN_SWARM)
        containers = self._list_containers(all=True, filters=OURS_IN_SWARM)
        secrets = self._engine.secrets.list(filters=OURS_IN_SWARM)
        return [thing.name for thing in (*services, *containers, *networks, *secrets)]

    def scale(self, name: str, count: int) -> None:
        """Run this many tasks, and wait until no other container is left."""
        well("docker", "service", "scale", "--detach", f"{PROJECT}_{name}={count}")
        wait_until(lambda: len(self.running(name)) == len(self.containers(name)) == count)

    def update(self, name: str) -> None:
        """Replace every task with a new one, one at a time."""
        old = self.running(name)
        well("docker", "service", "update", "--force", "--detach", f"{PROJECT}_{name}")
        wait_until(lambda: self.update_state(name) == "completed")
        wait_until(lambda: len(self.running(name)) == len(self.containers(name)) == len(old))
        assert not self.running(name) & old

    def service(self, name: str) -> Service:
        return self._engine.services.get(f"{PROJECT}_{name}")

    def running(self, name: str) -> set[str]:
        """Return the tasks that run and, if there is a health check, are healthy."""
        return {
            task["ID"]
            for task in self.service(name).tasks({"desired-state": "running"})
            if task["Status"]["State"] == "running"
        }

    def finished(self, name: str) -> list[int]:
        """Return the exit codes of the tasks that have ended."""
        return [
            task["Status"]["ContainerStatus"]["ExitCode"]
            for task in self.service(name).tasks()
            if task["Status"]["State"] in {"complete", "failed"}
            and "ContainerStatus" in task["Status"]  # a task that could not start has none
        ]

    def containers(self, name: str) -> list[Container]:
        label = f"com.docker.swarm.service.name={PROJECT}_{name}"
        return self._list_containers(filters={"label": label})

    def _list_containers(self, **which: object) -> list[Container]:
        # `ignore_removed`: do not fail if a container disappears while the list is made.
        return list(self._engine.containers.list(ignore_removed=True, **which))

    def update_state(self, name: str) -> str:
        """Return the state of its last update, or "None" if there is none yet."""
        return str(self.service(name).attrs.get("UpdateStatus", {}).get("State"))

    def snapshots(self) -> list[dict[str, Any]]:
        """Return the current /sessions.json of each server."""
        return [snapshot_of(server) for server in self.containers("server")]


def snapshot_of(server: Container) -> dict[str, Any]:
    """Ask a server from inside its container: through the mesh, any replica may answer."""
    page = "http://127.0.0.1:8022/sessions.json"
    script = f"import urllib.request as r; print(r.urlopen('{page}').read().decode())"
    snapshot: dict[str, Any] = json.loads(server.exec_run(["python3", "-c", script]).output)
    return snapshot
