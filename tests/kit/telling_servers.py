"""Servers that report about themselves on loopback, and one name for all of them."""

import socket

from lanes.ask import Servers
from server.chat.registry import Registry
from server.http.app import create_app
from server.http.webserver import WebServer

NAME = "tasks.server"
HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")  # for as many servers with the same port


class Swarm:
    """Replicas on one port; their name can also stand for replicas that do not exist."""

    def __init__(self) -> None:
        self.hosts: list[str] = []
        self.registries: list[Registry] = []
        self._servers: dict[str, WebServer] = {}
        self._nobody = socket.socket()  # holds a port where nothing listens, until the first starts
        self._nobody.bind((HOSTS[0], 0))
        self.port: int = self._nobody.getsockname()[1]

    def start(self, registry: Registry) -> None:
        host, port = HOSTS[len(self.hosts)], self.port if self.registries else 0
        self.hosts.append(host)
        self.registries.append(registry)
        self._servers[host] = WebServer(create_app(registry), host, port)
        self.port = self._servers[host].port

    def stop(self, host: str) -> None:
        self._servers.pop(host).close()

    def close(self) -> None:
        self._nobody.close()
        for host in list(self._servers):
            self.stop(host)

    @property
    def address(self) -> str:
        return f"{NAME}:{self.port}"

    def servers(self) -> Servers:
        return Servers(NAME, self.port)


SETTINGS = {"model": "thread", "protocol": "lines", "replica": "", "workers": 4}


def registry(replica: str = "") -> Registry:
    """A registry with one client, which this thread serves."""
    settings = {**SETTINGS, "replica": replica}
    made = Registry(3, replica, settings)
    record = made.admit("10.0.0.7:7")
    assert record is not None
    made.serve(record)
    return made
