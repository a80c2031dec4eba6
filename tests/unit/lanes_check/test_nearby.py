"""A server that does not listen on 127.0.0.1 is found on another address of this machine."""

import json
import socket

import pytest
from click.testing import CliRunner

from lanes.__main__ import main
from lanes.check.address import Address
from lanes.check.failure import Unseen
from lanes.check.lookout import watching as looking
from lanes.check.nearby import Nearby, listening
from lanes.testing import NotFound, watching
from lanes.watch.target import of_pid
from tests.kit.fake_server import CHUNK, UNTIL_GONE, FakeServer, nobody

DEBIANS = "127.0.1.1"  # gethostbyname(gethostname()) on Debian


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    """A server that listens on Debian's address for the host name, not on 127.0.0.1."""
    create = socket.create_server
    monkeypatch.setattr(socket, "create_server", lambda _: create((DEBIANS, 0)))
    return FakeServer([[CHUNK, b"Today", UNTIL_GONE]] * 3)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_server_that_listens_elsewhere_is_checked_and_its_card_says_where(
    elsewhere: FakeServer, host: str
) -> None:
    with elsewhere as server:
        asked = f"{host}:{server.address.port}"
        words = ["check", asked, "--only", "answers", "--format", "json"]
        result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    where = f"{DEBIANS}:{server.address.port}"
    assert (
        json.loads(result.stdout)["server"]
        == f"{where} (the server listens there; nothing listens at {asked})"
    )


def test_a_server_found_as_asked_keeps_its_name_and_shows_its_address() -> None:
    for asked, found in (("localhost", "::1"), ("127.0.0.1", "127.0.0.1")):
        assert Nearby(asked, 2022).found_at(Address(found, 2022)) == f"{asked}:2022"
    assert Nearby("server", 2022).found_at(Address("10.0.0.1", 2022)) == "server:2022 at 10.0.0.1"


def test_if_nothing_listens_on_the_port_up_to_three_others_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    others = [Address("0.0.0.0", 5000)]
    monkeypatch.setattr("lanes.check.nearby.listening", lambda: iter(others))
    with nobody() as address:
        with pytest.raises(
            OSError, match=r"right\? Ports open on this machine: 0\.0\.0\.0:5000\.$"
        ):
            Nearby(*address).connect(1)
        others[:] = [Address("0.0.0.0", 5000 + number) for number in range(4)]
        with pytest.raises(OSError, match=r"port right\?$"):
            Nearby(*address).connect(1)


def test_a_name_that_is_unknown_is_looked_for_nowhere_else() -> None:
    with pytest.raises(OSError, match="known"):
        Nearby("nowhere.invalid", 2022).connect(1)


def test_on_other_systems_than_linux_its_own_addresses_are_tried_and_nothing_is_watched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with nobody() as address, monkeypatch.context() as elsewhere:
        elsewhere.setattr("sys.platform", "darwin")
        with pytest.raises(OSError, match=r"port right\?$"):
            Nearby(*address).connect(1)
        assert list(listening()) == []
        with pytest.raises(Unseen, match="only on Linux"), looking(lambda: of_pid(1)):
            pass
        with pytest.raises(NotFound, match="on Linux"), watching(1, address.port):
            pass
