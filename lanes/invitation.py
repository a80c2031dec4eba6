"""The command to type to become a client of a server, if one that works here is known."""

import re

from lanes.snapshot import Snapshot

TCP = re.compile(r"(\[.*]|[\d.]+):\d+")  # otherwise it is the path of a Unix-domain socket
EVERYWHERE = {"0.0.0.0", "[::]"}  # noqa: S104 - compared, not bound
PORT = 2022  # our server's port for clients


def command(snapshot: Snapshot) -> str:
    """Return the command, or empty if none is known to work; of several servers, the first's."""
    told = [server for server in snapshot.servers if not server.seen]
    server = (told or snapshot.servers)[0]
    if server.door.command:
        return server.door.command
    host, port = _address(server)
    if not port or server.settings.get("tls_client_ca"):  # a client would need a certificate
        return ""
    if server.settings.get("tls_cert"):
        return f"openssl s_client -quiet -connect {f'[{host}]' if ':' in host else host}:{port}"
    return f"nc {host} {port}"


def _address(server: Snapshot) -> tuple[str, int]:
    """Return the address as published, as seen, or as set in the server. Port 0 means none."""
    door = server.door
    if door.port is not None:
        return door.host, door.port
    for queue in server.seen.queues if server.seen else ():
        if TCP.fullmatch(queue.address):
            host, _, port = queue.address.rpartition(":")
            return door.host if host in EVERYWHERE else host.strip("[]"), int(port)
    port = server.settings.get("port", PORT)
    return door.host, port if isinstance(port, int) else 0
