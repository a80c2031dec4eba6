"""What to type to be a client of a server: a command that works here, if one is known."""

import re

from lanes.snapshot import Snapshot

TCP = re.compile(r"(\[.*]|[\d.]+):\d+")  # else it is the path of a Unix-domain socket
EVERYWHERE = {"0.0.0.0", "[::]"}  # noqa: S104 - compared, not bound
PORT = 2022  # of our server, for its clients


def command(snapshot: Snapshot) -> str:
    """What to type; empty if nothing is known to work. Of several servers it leads to the first."""
    told = [server for server in snapshot.servers if not server.seen]
    server = (told or snapshot.servers)[0]
    if server.door.command:
        return server.door.command
    host, port = _address(server)
    if not port or server.settings.get("tls_client_ca"):  # a client would have to show something
        return ""
    if server.settings.get("tls_cert"):
        return f"openssl s_client -quiet -connect {f'[{host}]' if ':' in host else host}:{port}"
    return f"nc {host} {port}"


def _address(server: Snapshot) -> tuple[str, int]:
    """As published, as the server is seen to listen, or as it is set. A port of 0 is none."""
    door = server.door
    if door.port is not None:
        return door.host, door.port
    for queue in server.seen.queues if server.seen else ():
        if TCP.fullmatch(queue.address):
            host, _, port = queue.address.rpartition(":")
            return door.host if host in EVERYWHERE else host.strip("[]"), int(port)
    port = server.settings.get("port", PORT)
    return door.host, port if isinstance(port, int) else 0
