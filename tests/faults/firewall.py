"""Drops the packets of another container, from a container that shares its network namespace."""

from types import TracebackType
from typing import Self

from docker.models.containers import Container

from tests.kit.containers import LABEL, PROJECT

IMAGE = "thread-lanes-faults"


class Firewall:
    """Around one container: `drop` what comes in or goes out, until `let_through`."""

    def __init__(self, around: Container) -> None:
        self._around = around

    def __enter__(self) -> Self:
        # `run` would ask a registry for an image that is not here; `create` never does.
        self._inside = self._around.client.containers.create(
            IMAGE,
            ["infinity"],
            entrypoint="sleep",
            network_mode=f"container:{self._around.id}",
            cap_add=["NET_ADMIN"],
            user="0",
            labels={LABEL: PROJECT},
        )
        self._inside.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._inside.remove(force=True)

    def drop(self, *chains: str) -> None:
        """Drop every TCP packet from now on; the chains are INPUT and OUTPUT."""
        for chain in chains:
            self._iptables("-A", chain, "-p", "tcp", "-j", "DROP")

    def let_through(self) -> None:
        self._iptables("-F")

    def _iptables(self, *words: str) -> None:
        code, said = self._inside.exec_run(["iptables", "--wait", *words])
        assert code == 0, said.decode()
