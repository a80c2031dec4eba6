"""What you can do with the page: with the keyboard alone, and with a mouse."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.e2e.browser import LanesPage, Look
from tests.kit.classroom import Classroom, page_of
from tests.kit.waiting import wait_until

CLIENTS, FAILED = 5, 2
MOMENT = "Number(document.querySelector('.lanes').dataset.at)"
HEAR = """() => {
    const news = document.getElementById("news");
    window.told = [];
    const hear = () => window.told.push(news.textContent);
    new MutationObserver(hear).observe(news, { childList: true });
}"""


@pytest.fixture
def live(look: Look) -> Iterator[LanesPage]:
    with page_of(Classroom(CLIENTS, failed=FAILED)) as address:
        live = look(address)
        live.wait_until_it_fits()
        yield live


def tab_to(live: LanesPage, element: Locator) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(20):
        live.page.keyboard.press("Tab")
        if element.evaluate("element => element === document.activeElement"):
            return
    pytest.fail("Tab does not lead there")


def marked(live: LanesPage) -> tuple[list[str], list[str]]:
    """Return the sessions that are marked in the picture, and in the table."""
    sessions = "all => all.map((one) => one.dataset.session)"
    return (
        live.page.locator(".bar.marked").evaluate_all(sessions),
        live.page.locator("tr.marked").evaluate_all(sessions),
    )


def expect_mark(live: LanesPage, session: int) -> None:
    expect(live.page.locator("tr.marked")).to_have_attribute("data-session", str(session))
    expect(live.page.locator("#marked")).to_contain_text(f"Session {session}: ")
    assert marked(live) == ([str(session)], [str(session)])


def drag(live: LanesPage, steps: int) -> None:
    """Drag from the middle of the picture to the right, without letting go."""
    box = live.page.locator(".lanes").bounding_box()
    assert box
    mouse, y = live.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + 300, y)
    mouse.down()
    mouse.move(box["x"] + 900, y, steps=steps)


def asked(live: LanesPage) -> dict[str, list[str]]:
    """Return the fields of the address."""
    return parse_qs(live.page.evaluate("location.search.slice(1)"))


def until(live: LanesPage) -> float:
    """Return the moment in the address."""
    return float(asked(live)["until"][0])


def test_the_keyboard_alone_filters_marks_pauses_and_looks_back(live: LanesPage) -> None:
    press = live.page.keyboard.press
    tab_to(live, live.page.get_by_role("link", name="failed"))
    press("Enter")
    expect(live.lanes).to_have_count(FAILED)
    press("Shift+Tab")
    press("Shift+Tab")
    press("Enter")
    expect(live.lanes).to_have_count(CLIENTS)

    tab_to(live, live.page.locator("#picture"))
    press("ArrowDown")
    expect_mark(live, 1)
    press("ArrowDown")
    expect_mark(live, 2)
    press("ArrowUp")
    expect_mark(live, 1)
    press("Escape")
    expect(live.page.locator(".marked")).to_have_count(0)

    press("p")
    expect(live.page.get_by_role("link", name="Resume")).to_be_visible()
    paused = live.page.evaluate(MOMENT)
    press("ArrowLeft")
    live.page.wait_for_function(f"() => {MOMENT} < {paused - 1}")
    press("ArrowRight")
    live.page.wait_for_function(f"() => {MOMENT} > {paused - 1}")
    press("p")
    live.page.wait_for_function(f"() => {MOMENT} > {paused + 0.1}")


def test_a_click_on_a_bar_or_a_row_marks_both(live: LanesPage) -> None:
    live.page.locator(".bar[data-session='3']").click()
    expect_mark(live, 3)
    live.page.locator("tr[data-session='4']").click()
    expect_mark(live, 4)
    live.page.locator("tr[data-session='4']").click()
    expect(live.page.locator(".marked")).to_have_count(0)


def test_dragging_looks_back_to_before_the_latest_clients(live: LanesPage) -> None:
    now = live.page.evaluate(MOMENT)
    drag(live, 5)
    live.page.mouse.up()
    live.page.wait_for_function(f"() => {MOMENT} < {now - 10}")
    expect(live.page.locator("[data-figure='clients then']")).to_be_visible()
    expect(live.lanes).not_to_have_count(CLIENTS)
    live.page.get_by_role("link", name="Resume").click()
    expect(live.lanes).to_have_count(CLIENTS)


def test_dragging_sends_one_request_at_a_time_and_releasing_sets_the_address(
    live: LanesPage,
) -> None:
    now = live.page.evaluate(MOMENT)
    live.page.evaluate(HEAR)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    live.page.route("**/*", hold, times=1)  # now, because it would miss a request under way
    with live.page.expect_request("**/*"):
        pass
    before = len(live.requests)
    drag(live, 50)
    assert len(live.requests) == before
    held[0].abort("aborted")  # the page no longer waits for that answer
    live.page.wait_for_function(f"() => {MOMENT} < {now - 10}")
    assert live.page.evaluate("window.told") == []
    assert "until" not in asked(live)

    live.page.mouse.up()
    expect(live.page).to_have_url(re.compile("until="))


def test_steps_go_on_from_a_pause_and_quick_ones_add_up(look: Look) -> None:
    classroom = Classroom(CLIENTS)
    with page_of(classroom) as address:
        live = look(f"{address}?seconds=2")
        live.wait_until_it_fits()
        live.page.locator("#picture").focus()
        live.page.keyboard.press("p")
        expect(live.page.get_by_role("link", name="Resume")).to_be_visible()
        paused = until(live)
        wait_until(lambda: classroom.snapshot().at > paused + 4)
        live.page.keyboard.press("ArrowRight")
        assert until(live) == pytest.approx(paused + 0.5, abs=0.01)
        live.page.get_by_role("link", name="Later").click()
        assert until(live) == pytest.approx(paused + 1.5, abs=0.01)
        live.page.evaluate("later.click(), later.click()")
        assert until(live) == pytest.approx(paused + 3.5, abs=0.01)
        live.page.wait_for_function(f"() => {MOMENT} > {paused + 3}")


def test_the_report_keeps_the_moment_and_the_typed_fields(live: LanesPage) -> None:
    page = live.page
    page.get_by_text("To hand in").click()
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("What was asked").fill("Why?")
    page.get_by_role("link", name="Earlier").click()
    expect(page.get_by_role("link", name="Resume")).to_be_visible()
    then = re.compile(f"until={until(live):.13g}")  # without trailing zeros
    for name in ("report.html", "lanes.svg", "For a projector"):
        expect(page.get_by_role("link", name=name)).to_have_attribute("href", then)
    live.page.wait_for_function(f"() => Math.abs({MOMENT} - {until(live)}) < 0.01")
    seen = live.lanes.count()

    page.get_by_role("button", name="Make the report").click()
    expect(page.locator(".about")).to_contain_text("Ada")
    expect(page.locator(".about")).to_contain_text("Why?")
    assert page.evaluate(MOMENT) == pytest.approx(until(live), abs=0.01)
    assert live.rows.count() == live.lanes.count() == seen


def test_a_mark_is_announced_once_and_running_figures_are_not(live: LanesPage) -> None:
    expect(live.page.get_by_role("status")).to_have_count(2)
    said = live.page.locator("#said")
    live.page.locator("tr[data-session='4']").click()
    expect(said).to_have_text("Marked: session 4: lab-client-4.")
    live.page.keyboard.press("Escape")
    expect(said).to_have_text("No session is marked.")


def test_letter_keys_work_only_while_the_picture_has_the_focus(live: LanesPage) -> None:
    live.page.get_by_role("link", name="failed").focus()
    live.page.keyboard.press("p")
    assert "until" not in asked(live)
    live.page.locator("#picture").focus()
    live.page.keyboard.press("p")
    assert "until" in asked(live)
