"""Where a server listens, or why no address is found."""

from contextlib import closing

import pytest

from lanes.watch.listeners import Listeners
from lanes.watch.process import Process
from lanes.watch.processes import Processes
from lanes.watch.sockets import Sockets
from tests.kit.puppet import Puppet

LISTEN = """
listener = socket.create_server(("127.0.0.1", 0))
said = "{}:{}".format(*listener.getsockname())
"""
UNIX = """
path = socket.socket(socket.AF_UNIX)
path.bind("\\0puppet %d" % os.getpid())
path.listen()
"""


def found(puppet: Puppet, *ports: int) -> tuple[list[str], str]:
    """Return the addresses, and the reason if there are none."""
    with closing(Processes([puppet.pid])) as processes, Sockets(puppet.pid) as sockets:
        listeners = Listeners(sockets, ports)
        listeners.find(processes)
        return [one.address for one in listeners.found], listeners.unheard


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def test_a_wrong_port_of_a_process_is_answered_with_the_right_ones(puppet: Puppet) -> None:
    first = puppet.do(LISTEN)
    assert found(puppet) == found(puppet, port_of(first)) == ([first], "")
    port = port_of(first)
    why = f"The server is not listening on port 1 but on {first}: pass --port {port}, "
    why += "or leave --port out."
    assert found(puppet, 1) == ([], why)
    second = puppet.do(LISTEN.replace("listener", "other"))
    both = ", ".join(sorted((first, second), key=port_of))
    assert found(puppet, 1)[1].endswith(
        f"but on {both}: pass one of these with --port, or leave --port out."
    )


def test_a_process_that_does_not_listen_is_reported_even_if_another_does(puppet: Puppet) -> None:
    why = "This process is not listening for clients: it has not started to, or the server is "
    why += "another process."
    with Puppet() as other:
        assert found(puppet, port_of(other.do(LISTEN))) == ([], why)


def test_a_unix_domain_socket_is_found_unless_a_port_is_asked_for(puppet: Puppet) -> None:
    puppet.do(UNIX)
    assert found(puppet) == ([f"@puppet {puppet.pid}"], "")
    address = puppet.do(LISTEN)
    assert sorted(found(puppet)[0]) == [address, f"@puppet {puppet.pid}"]
    assert found(puppet, port_of(address))[0] == [address]


def test_without_permission_to_look_a_port_must_be_named(
    puppet: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = puppet.do(LISTEN)
    monkeypatch.setattr(Process, "hidden", True)
    monkeypatch.setattr(Process, "sockets", lambda _: {})
    assert found(puppet) == ([], "Cannot see where the server listens: pass --port as well.")
    assert found(puppet, port_of(address)) == ([address], "")
    assert found(puppet, 1) == ([], "Nothing is listening on port 1 on this machine.")
