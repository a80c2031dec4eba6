"""The service `watch`: what it sees of the server, beside what the server reports."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Look
from tests.kit.lab import Lab


@pytest.fixture(autouse=True)
def _watched(project: str, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - it clears
    """The clients go on forever, and the server is watched."""
    monkeypatch.setenv("LANES_REPEAT", "forever")
    monkeypatch.setenv("COMPOSE_PROFILES", "watch")


def test_told_and_seen_agree_and_watching_takes_no_privileges(look: Look, lab: Lab) -> None:
    lab.compose("up", "--detach")
    live = look(lab.page())
    expect(
        live.page.locator("li", has_text="The server's report and the observation agree on")
    ).to_contain_text("serves each of 3 clients")
    status = lab.compose("exec", "-T", "watch", "cat", "/proc/self/status")
    assert "CapEff:\t0000000000000000\n" in status
    assert "NoNewPrivs:\t1\n" in status
