"""The live page, seen in a real Chromium while Compose runs the server and its clients."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import combinations, groupby, pairwise
from pathlib import Path
from typing import Literal

import docker
import pytest
from playwright.sync_api import Browser, ViewportSize, expect, sync_playwright

from tests.e2e import browser, legibility
from tests.e2e.browser import LanesPage
from tests.kit.lab import Lab
from tests.kit.waiting import SECONDS

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 360, "height": 740}
WIDE: ViewportSize = {"width": 2560, "height": 1440}
NARROW: ViewportSize = {"width": 320, "height": 568}

Look = Callable[..., LanesPage]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = browser.find_chromium()
    if not program:
        pytest.fail("there is no Chromium here: run scripts/ensure-test-programs", pytrace=False)
    expect.set_options(timeout=browser.MILLISECONDS)
    with sync_playwright() as play, browser.launch(play.chromium, program) as chromium:
        yield chromium


@pytest.fixture
def look(chromium: Browser, lab: Lab) -> Iterator[Look]:
    """Open a page, the live one by default. None may have had anything to complain of."""
    with ExitStack() as stack:
        looks: list[LanesPage] = []

        def look(
            address: str = "",
            window: ViewportSize = DESKTOP,
            scheme: Literal["light", "dark"] = "light",
        ) -> LanesPage:
            context = chromium.new_context(viewport=window, color_scheme=scheme)
            page = stack.enter_context(context).new_page()
            looks.append(LanesPage(page, address or origin(lab)))
            return looks[-1]

        yield look
        assert [complaint for page in looks for complaint in page.complaints] == []


@pytest.fixture
def talking(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three clients, who do not come to an end."""
    monkeypatch.setenv("LANES_REPEAT", "forever")
    lab.compose("up", "--detach")


def origin(lab: Lab) -> str:
    return "http://{}:{}/".format(*lab.address(8022))


@pytest.mark.usefixtures("talking")
def test_three_clients_have_three_lanes_and_two_more_clients_have_two_more(
    look: Look, lab: Lab
) -> None:
    live = look()
    expect(live.lanes).to_have_count(3)
    first = {client.ID for client in lab.clients()}

    lab.compose("up", "--detach", "--scale", "client=5")
    expect(live.lanes).to_have_count(5)
    expect(live.open).to_have_count(5)
    assert first < {client.ID for client in lab.clients()}  # who were there have stayed
    assert live.threads() == [f"Thread-{number}" for number in range(1, 6)]
    for thread in live.threads():
        expect(live.rows.filter(has_text=thread)).to_have_count(1)


@pytest.mark.usefixtures("talking")
def test_the_page_keeps_itself_up_to_date_and_asks_twice_a_second_at_most(look: Look) -> None:
    live = look()
    live.page.evaluate("window.isTheFirst = true")
    expect(live.open).to_have_count(3)
    for _ in range(4):
        live.wait_for_messages(int(live.figure("messages")) + 1)
    assert live.page.evaluate("window.isTheFirst")  # it was not loaded again

    asked = "performance.getEntriesByType('resource').map((entry) => entry.startTime)"
    pauses = [later - earlier for earlier, later in pairwise(live.page.evaluate(asked))]
    assert min(pauses) > 490  # milliseconds


@pytest.mark.usefixtures("talking")
def test_a_bar_ends_with_its_session_and_says_why_if_that_went_wrong(
    look: Look, lab: Lab, engine: docker.DockerClient
) -> None:
    live = look()
    expect(live.open).to_have_count(3)
    engine.containers.get(lab.clients()[0].ID).stop()
    expect(live.closed).to_have_count(1)
    expect(live.open).to_have_count(2)
    expect(live.page.locator(".failed")).to_have_count(0)

    with closing(socket.create_connection(lab.address(2022), timeout=SECONDS)) as peer:
        peer.sendall(b"x" * 8193)
        expect(live.closed).to_have_count(2)
    expect(live.page.locator(".failed .caption")).to_contain_text("too-long")


def test_with_one_lock_one_bar_is_solid_at_any_time(
    look: Look, lab: Lab, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANES_MODEL", "lock")
    monkeypatch.setenv("LANES_REPEAT", "forever")
    lab.compose("up", "--detach", "--wait", "server")
    live = look()
    live.watch()
    lab.compose("up", "--detach")
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


@pytest.mark.usefixtures("talking")
def test_the_page_and_its_report_need_nothing_from_elsewhere(
    look: Look, lab: Lab, tmp_path: Path
) -> None:
    live = look()
    expect(live.open).to_have_count(3)
    with live.page.expect_download() as download:
        live.page.get_by_role("link", name="report.html").click()
    saved = tmp_path / "report.html"
    download.value.save_as(saved)
    assert [asked for asked in live.requests if not asked.startswith(origin(lab))] == []
    assert live.answer
    assert "default-src 'none'" in live.answer.headers["content-security-policy"]

    report = look(saved.as_uri())
    expect(report.open).to_have_count(3)
    assert report.threads() == live.threads()
    assert report.requests == [saved.as_uri()]


@pytest.mark.usefixtures("talking")
def test_the_page_says_when_the_server_does_not_answer_and_goes_on_when_it_does(
    look: Look, lab: Lab
) -> None:
    live = look()
    expect(live.open).to_have_count(3)
    lab.compose("pause", "server")
    expect(live.news).to_contain_text("does not answer")
    expect(live.open).to_have_count(3)

    lab.compose("unpause", "server")
    expect(live.news).to_be_empty()
    live.wait_for_messages(int(live.figure("messages")) + 1)


@pytest.mark.parametrize("model", ["thread", "pool", "lock"])
def test_no_text_is_cut_off_or_covered_however_wide_the_window_is(
    look: Look, lab: Lab, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setenv("LANES_MODEL", model)
    monkeypatch.setenv("LANES_WORKERS", "2")
    monkeypatch.setenv("LANES_REPEAT", "forever")
    lab.compose("up", "--detach")
    for window in (WIDE, DESKTOP, PHONE, NARROW):
        live = look(window=window)
        expect(live.page.locator(".lanes .bar.open")).to_have_count(3)  # in lanes or in the queue
        live.wait_until_it_fits()
        assert live.page.evaluate("document.documentElement.scrollWidth") == window["width"]
        boxes = legibility.boxes(live.page)
        assert [box for box in boxes if box.left < 0 or box.right > window["width"]] == []
        assert [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])] == []


def test_text_stands_out_from_what_is_behind_it_in_light_and_dark(
    look: Look, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANES_REPEAT", "forever")
    lab.compose("up", "--detach", "--scale", "client=8")  # a client of each colour
    for scheme in ("light", "dark"):
        live = look(scheme=scheme)
        expect(live.open).to_have_count(8)
        inks = legibility.inks(live.page)
        assert [ink for ink in inks if ink.contrast < 4.5] == []  # what WCAG 2 asks for, at AA
