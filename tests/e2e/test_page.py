"""The live page, seen in a real Chromium while a client of each colour keeps talking."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import docker
import pytest
from playwright.sync_api import expect

from tests.e2e.browser import LanesPage, Look
from tests.e2e.legibility import check_contrast, check_widths
from tests.kit.lab import Lab, shared_lab

pytestmark = pytest.mark.xdist_group("page")  # the tests share one lab

CLIENTS = 8


@pytest.fixture(scope="module")
def lab(engine: docker.DockerClient) -> Iterator[Lab]:
    with shared_lab(engine, LANES_REPEAT="forever", CLIENTS=str(CLIENTS)) as lab:
        yield lab


@pytest.fixture
def live(look: Look, lab: Lab) -> LanesPage:
    live = look(lab.page())
    expect(live.open).to_have_count(CLIENTS)
    return live


def test_the_page_keeps_itself_up_to_date_with_at_most_two_requests_a_second(
    live: LanesPage,
) -> None:
    live.page.evaluate("window.isTheFirst = true")
    for _ in range(4):
        live.wait_for_messages(int(live.figure("messages")) + 1)
    assert live.page.evaluate("window.isTheFirst")  # it was not loaded again

    asked = "performance.getEntriesByType('resource').map((entry) => entry.startTime)"
    pauses = [later - earlier for earlier, later in pairwise(live.page.evaluate(asked))]
    assert min(pauses) > 490  # milliseconds


def test_the_page_says_that_no_server_answers_and_recovers(live: LanesPage) -> None:
    live.page.route("**/*", lambda _: None)  # its requests never arrive
    expect(live.news).to_contain_text("does not answer")
    expect(live.open).to_have_count(CLIENTS)

    live.page.unroute_all()
    expect(live.news).to_be_empty()
    live.wait_for_messages(int(live.figure("messages")) + 1)


def test_the_page_and_its_report_are_self_contained(
    look: Look, live: LanesPage, lab: Lab, tmp_path: Path
) -> None:
    with live.page.expect_download() as download:
        live.page.get_by_role("link", name="report.html").click()
    saved = tmp_path / "report.html"
    download.value.save_as(saved)
    assert [asked for asked in live.requests if not asked.startswith(lab.page())] == []
    assert live.answer
    assert "default-src 'none'" in live.answer.headers["content-security-policy"]

    report = look(saved.as_uri())
    expect(report.open).to_have_count(CLIENTS)
    assert report.threads() == live.threads()
    assert report.requests == [saved.as_uri()]


def test_all_text_is_legible_at_any_width_in_light_and_dark(look: Look, lab: Lab) -> None:
    check_widths(look, lab.page(), CLIENTS)
    check_contrast(look, lab.page(), CLIENTS)
