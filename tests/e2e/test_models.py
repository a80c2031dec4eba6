"""Each model through compose.yaml, as the page, the snapshot and the kernel show it."""

import re
from itertools import groupby, pairwise

import docker
import pytest
from playwright.sync_api import expect

from tests.e2e.browser import LanesPage, Look
from tests.e2e.legibility import check_widths
from tests.kit.lab import Lab
from tests.kit.peer import Peer
from tests.kit.waiting import wait_until


@pytest.fixture(autouse=True)
def _forever(project: str, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - it clears
    """The clients go on forever."""
    monkeypatch.setenv("LANES_REPEAT", "forever")


def greeted_by(lab: Lab) -> set[str]:
    """Return the threads that greeted the clients, by the clients' logs."""
    return set(re.findall(r"greeted .*(Thread-\d+)", lab.get_logs("client")[0]))


def check_threads(lab: Lab, live: LanesPage, count: int) -> None:
    """Check that each client has its own thread, by the page, clients, server and kernel."""
    threads = [f"Thread-{number}" for number in range(1, count + 1)]
    expect(live.open).to_have_count(count)
    expect(live.rows).to_have_count(count)
    assert live.threads() == threads
    wait_until(lambda: greeted_by(lab) == set(threads), pause=0.1)
    sessions = lab.snapshot()["sessions"]
    assert [session["thread"] for session in sessions] == threads
    native = {session["native_id"] for session in sessions}
    assert len(native) == count
    assert native < lab.os_threads()


def test_3_and_then_10_clients_have_a_thread_and_a_lane_each_and_stop_cleanly(
    look: Look, lab: Lab, engine: docker.DockerClient
) -> None:
    lab.compose("up", "--detach")
    live = look(lab.page())
    check_threads(lab, live, 3)
    first = {client.ID for client in lab.clients()}
    lab.compose("up", "--detach", "--scale", "client=10")
    check_threads(lab, live, 10)
    assert first < {client.ID for client in lab.clients()}  # the first clients have stayed

    engine.containers.get(lab.clients()[0].ID).stop()
    expect(live.closed).to_have_count(1)
    expect(live.open).to_have_count(9)
    expect(live.page.locator(".failed")).to_have_count(0)

    host, port = lab.address("server", 2022)
    with Peer(f"{host}:{port}") as peer:
        peer.send(b"x" * 8193)
        expect(live.closed).to_have_count(2)
    expect(live.page.locator(".failed .caption")).to_contain_text("too-long")

    live.page.close()  # it would log that no server answers
    lab.compose("stop")
    assert [one.ExitCode for one in lab.get_containers(include_all=True)] == 12 * [0]


def test_with_one_lock_all_clients_have_a_thread_and_one_is_served_at_a_time(
    look: Look, lab: Lab, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANES_MODEL", "lock")
    lab.compose("up", "--detach", "--wait", "server", "lanes")
    live = look(lab.page())
    live.watch()
    lab.compose("up", "--detach")
    expect(live.open).to_have_count(3)
    threads = {session["native_id"] for session in lab.snapshot()["sessions"]}
    assert len(threads) == 3
    assert threads < lab.os_threads()
    check_widths(look, lab.page(), 3)

    for number in (1, 2, 3):
        whose_turn = live.rows.filter(has_text="serving")
        expect(whose_turn).to_have_count(1)
        live.wait_for_messages(int(live.figure("messages")) + 2)
        engine.containers.get(whose_turn.locator("td").first.inner_text()).stop()
        expect(live.closed).to_have_count(number)

    updates = live.updates()
    solid = [[bar.session for bar in bars if bar.open and bar.is_solid] for bars in updates]
    assert {len(sessions) for sessions in solid} == {0, 1}  # none before the first, after the last
    turns = [sessions for sessions, _ in groupby(filter(None, solid))]
    assert sorted(turns) == [["1"], ["2"], ["3"]]
    passing = [bars for bars in updates if any(bar.open for bar in bars)]
    assert len(passing) - sum(map(len, solid)) <= 3  # none for a moment, before each turn
    for bars in updates:
        stretches = sorted((bar.left, bar.right) for bar in bars if bar.is_solid)
        assert all(former[1] < latter[0] + 0.05 for former, latter in pairwise(stretches))
    assert live.figure("served at once") == "0 (peak 1)"


def test_in_a_pool_of_two_client_3_has_no_thread_until_another_leaves(
    look: Look, lab: Lab, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANES_MODEL", "pool")
    monkeypatch.setenv("LANES_WORKERS", "2")
    lab.compose("up", "--detach")
    check_widths(look, lab.page(), 3)
    names = {client.Name for client in lab.clients()}
    wait_until(lambda: {s["client"] for s in lab.snapshot()["sessions"]} == names, pause=0.1)

    leaving, staying, waiting = lab.snapshot()["sessions"]
    assert {leaving["thread"], staying["thread"]} == {"Worker-1", "Worker-2"}
    assert {leaving["native_id"], staying["native_id"]} < lab.os_threads()
    assert (waiting["state"], waiting["thread"], waiting["native_id"]) == ("waiting", None, None)

    engine.containers.get(leaving["client"]).stop()
    wait_until(lambda: lab.snapshot()["sessions"][2]["state"] == "serving", pause=0.1)
    latest = lab.snapshot()
    assert latest["sessions"][2]["thread"] == leaving["thread"]
    assert latest["peak_serving"] == 2
