"""The page with one client, and with as many as possible, in a real Chromium."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, CDPSession, ViewportSize, expect

from lanes.svg.drawing import WIDTH
from tests.e2e.browser import DESKTOP, LanesPage, Look
from tests.e2e.legibility import check_contrast, check_widths
from tests.kit.classroom import Classroom, page_of

PHONE = ViewportSize(width=400, height=740)
REDRAW = 16.0  # milliseconds: a sixtieth of a second
PARTS = {"ScriptDuration", "RecalcStyleDuration", "LayoutDuration"}  # in seconds, since the start
UPDATES, TURNS = 5, 6  # the best of several turns, because a shared core is slower

# The page's states: the address of each, and an element that is there once it is shown.
STATES = {
    "marked": ("?marked=30", "tr.marked"),
    "a failure marked": ("?marked=21", "tr.failed.marked"),
    "big": ("?big&marked=30", "body.big .bar.marked"),
    "paused": ("?marked=30", "#later"),
    "empty": ("", "#notes:has-text('nc 127.0.0.1 2022')"),
    "report": ("report.html?author=Ada&course=Networks", "main.report"),
}

# How many parts of the page you cannot see without scrolling.
CUT_OFF = """() => [...document.querySelectorAll(".lanes, .lanes .axis text, .lanes .lane .bar")]
    .map((one) => one.getBoundingClientRect())
    .filter(({ left, right, bottom }) => left < 0 || right > innerWidth + 1 || bottom > innerHeight)
    .length"""


# How much of the text about the marked session is out of view or cut off.
UNSEEN = """() => {
    const said = document.getElementById("marked"), { top, bottom } = said.getBoundingClientRect();
    return Math.max(-top, bottom - innerHeight, said.scrollHeight - said.clientHeight, 0);
}"""
PLACE = """() => {
    const { top, height } = document.querySelector(".lanes").getBoundingClientRect();
    return [top, height];
}"""


@pytest.fixture(params=[1, 3, 60, 256])
def crowd(request: pytest.FixtureRequest) -> Iterator[tuple[int, str]]:
    clients: int = request.param
    with page_of(Classroom(clients)) as address:
        yield clients, address


def drawn(look: Look, address: str, window: ViewportSize, *, dark: bool = False) -> LanesPage:
    live = look(address, window, dark=dark)
    live.wait_until_it_fits()
    return live


@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_all_lanes_are_on_the_screen_with_the_time_below_them(
    look: Look, crowd: tuple[int, str], window: ViewportSize
) -> None:
    clients, address = crowd
    live = drawn(look, address, window)
    expect(live.open).to_have_count(clients)
    live.page.wait_for_function(f"() => ({CUT_OFF})() === 0")
    assert live.figure("clients now") == str(clients)
    assert live.page.evaluate("document.documentElement.scrollWidth") == window["width"]


def test_text_is_legible_however_many_clients_there_are(look: Look, crowd: tuple[int, str]) -> None:
    clients, address = crowd
    check_widths(look, address, clients)
    check_contrast(look, address, clients)


@pytest.mark.parametrize(
    ("state", "window", "dark"),
    [
        *((state, DESKTOP, False) for state in STATES),
        *((state, PHONE, True) for state in STATES),
        *(("marked", DESKTOP, True), ("marked", PHONE, False)),
    ],
)
def test_axe_finds_nothing_wrong(
    look: Look,
    state: str,
    window: ViewportSize,
    dark: bool,  # noqa: FBT001 - as parametrised
) -> None:
    path, shown = STATES[state]
    people = Classroom(0) if state == "empty" else Classroom(12, visits=20, failed=3)
    with page_of(people) as address:
        live = look(f"{address}{path}", window, dark=dark)
        if state == "paused":
            live.page.get_by_role("link", name="Pause").click()
        expect(live.page.locator(shown)).to_have_count(1)
        found = Axe().run(live.page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("query", ["", "?big"])
def test_a_marks_story_is_in_view_and_nothing_jumps(
    look: Look, window: ViewportSize, query: str
) -> None:
    with page_of(Classroom(60)) as address:
        live = look(f"{address}{query}", window)
        expect(live.page.locator(".lanes")).not_to_have_attribute("width", str(WIDTH))
        before = live.page.evaluate(PLACE)
        live.page.locator("#picture").focus()
        live.page.keyboard.press("ArrowDown")
        expect(live.page.locator("#marked")).to_contain_text("Session 1: lab-client-1 ")
        assert live.page.evaluate(UNSEEN) == 0
        assert live.page.evaluate(PLACE) == before


@pytest.mark.alone
def test_a_redraw_of_256_clients_takes_the_page_less_than_16_ms(
    look: Look,
) -> None:
    with page_of(Classroom(256)) as address:
        live = drawn(look, address, DESKTOP)
        expect(live.open).to_have_count(256)
        devtools = live.page.context.new_cdp_session(live.page)
        devtools.send("Performance.enable")
        assert any(update_costs(devtools, live) < REDRAW for _ in range(TURNS))


def update_costs(devtools: CDPSession, live: LanesPage) -> float:
    """Return the milliseconds that an update takes in the page's main thread before painting.

    Painting is left out: without a graphics processor, as here, it takes three times as long.
    """

    def spent() -> float:
        metrics = devtools.send("Performance.getMetrics")["metrics"]
        return sum(float(one["value"]) for one in metrics if one["name"] in PARTS)

    asked = "performance.getEntriesByType('resource').length"
    began: int = live.page.evaluate(asked)
    before = spent()
    live.page.wait_for_function(f"() => {asked} >= {began + UPDATES}", polling=1000)
    after = spent()
    updates: int = live.page.evaluate(asked) - began
    return 1000 * (after - before) / updates


def test_failures_come_first_and_can_be_shown_alone(look: Look) -> None:
    with page_of(Classroom(20, failed=3)) as address:
        live = look(address)
        expect(live.rows).to_have_count(20)
        states = live.page.locator("tbody [data-name=State]")
        assert [states.nth(row).text_content() for row in range(4)] == [
            *("lost", "idle", "unfinished"),
            "serving",
        ]
        live.page.get_by_role("link", name="failed 3").click()
        expect(live.lanes).to_have_count(3)
        expect(live.rows).to_have_count(3)
        live.page.get_by_role("link", name="waiting 0").click()
        expect(live.page.get_by_text("No waiting sessions")).to_be_visible()


def test_a_hundred_short_visits_are_one_line_that_opens(look: Look) -> None:
    with page_of(Classroom(3, visits=100)) as address:
        live = look(address)
        expect(live.lanes).to_have_count(4)
        expect(live.page.locator(".lane.folded")).to_contain_text("100 short visits")
        expect(live.rows).to_have_count(4)
        live.page.locator("tr.folded a").click()
        expect(live.lanes).to_have_count(103)
        live.page.get_by_role("link", name="Fold short visits").click()
        expect(live.lanes).to_have_count(4)


def test_an_empty_page_says_what_to_type(look: Look) -> None:
    with page_of(Classroom(0)) as address:
        live = look(address)
        expect(live.page.get_by_text("nc 127.0.0.1 2022")).to_be_visible()


def test_a_projector_gets_large_letters_and_no_table(look: Look) -> None:
    with page_of(Classroom(60)) as address:
        plain, big = drawn(look, address, DESKTOP), look(f"{address}?big")
        big.page.wait_for_function(f"() => ({CUT_OFF})() === 0")
        expect(big.rows).to_have_count(0)
        height = "document.querySelector('.lanes .value').getBoundingClientRect().height"
        assert big.page.evaluate(height) > 1.5 * plain.page.evaluate(height)


def test_without_javascript_the_picture_is_there_and_its_controls_work(chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    with page_of(Classroom(20, failed=3)) as address, context, context.new_page() as page:
        page.goto(address)
        expect(page.locator(".lanes .lane")).to_have_count(20)
        page.get_by_role("link", name="failed 3").click()
        expect(page.locator(".lanes .lane")).to_have_count(3)
        page.get_by_role("link", name="Pause").click()
        expect(page.get_by_role("link", name="Resume")).to_be_visible()
