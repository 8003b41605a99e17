"""The page in a real browser: drawn, silent, offline, unhackable, and as wide as a phone."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from adue.report import write_report
from tests.report.factory import SENTENCES, make_evaluation, make_result, make_scored

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs a program called chromium (apt install chromium)"),
]

ATTACK = "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'></script>"
DESKTOP, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
LIGHT_ADUE, DARK_ADUE = "rgb(0, 114, 178)", "rgb(86, 180, 233)"
LONG_WORD = "incomprehensib" + "i" * 300 + "lities"


@dataclass
class Visit:
    """An opened page with all that it said and asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, report: Path) -> None:
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(report.as_uri())
        self.page.locator(".plot .main-svg").last.wait_for(state="attached")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scored = [
        make_scored("reviews", texts=[ATTACK, LONG_WORD, *SENTENCES]),
        make_scored("tweets", error_rate=0.0),
    ]
    results = [make_result(scored[0], human_correlation={"adue": 0.3}), make_result(scored[1], note="no errors")]
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, make_evaluation(*results), scored)
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module", params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def visit(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Visit]:
    """Opened once per size, for tests that only look."""
    with browser.new_context(viewport=request.param) as context:
        opened = Visit(context.new_page())
        opened.open(report)
        yield opened


@pytest.fixture
def phone(browser: Browser, report: Path) -> Iterator[Page]:
    """Opened anew, for tests that touch."""
    with browser.new_context(viewport=PHONE, color_scheme="light") as context:
        opened = Visit(context.new_page())
        opened.open(report)
        yield opened.page


def test_every_figure_is_drawn_and_nothing_complains(visit: Visit) -> None:
    plots = visit.page.locator(".plot.js-plotly-plot")
    assert plots.count() == visit.page.locator(".plot").count() == 6
    drawn = visit.page.locator(".scatterlayer .trace path.js-line, .barlayer .point path")
    assert drawn.count() > 20
    assert visit.complaints == []


def test_only_the_file_itself_is_read(visit: Visit, report: Path) -> None:
    assert visit.requests == [report.as_uri()]


def test_a_script_in_a_text_is_read_and_not_run(visit: Visit) -> None:
    assert visit.page.locator("blockquote", has_text="window.hacked").count() > 0
    assert visit.page.evaluate("window.hacked") is None


def test_the_page_is_no_wider_than_the_window(visit: Visit) -> None:
    assert visit.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    widths = visit.page.locator(".plot").evaluate_all("plots => plots.map(plot => plot.scrollWidth - plot.clientWidth)")
    assert max(widths) <= 0


def test_a_wide_table_scrolls_inside_its_own_box_on_a_phone(phone: Page) -> None:
    assert phone.locator(".scroll").first.evaluate("box => box.scrollWidth > box.clientWidth")


def test_figures_follow_the_colour_scheme_and_the_legend_while_the_page_is_open(phone: Page) -> None:
    plot = phone.locator(".plot").first
    lines = plot.locator(".scatterlayer path.js-line")
    drawn = lines.count()
    expect(lines.last).to_have_css("stroke", LIGHT_ADUE)
    plot.locator(".legendtoggle").nth(2).click()
    expect(lines).to_have_count(drawn - 1)
    phone.emulate_media(color_scheme="dark")
    expect(lines.last).to_have_css("stroke", DARK_ADUE)
    expect(lines).to_have_count(drawn - 1)


def test_the_pages_own_policy_stops_any_script_that_slips_in(browser: Browser, report: Path, tmp_path: Path) -> None:
    tampered = tmp_path / "tampered.html"
    page = report.read_text(encoding="utf-8")
    tampered.write_text(page.replace("<main>", "<main><script>window.hacked=1</script>"), encoding="utf-8")
    with browser.new_context() as context:
        visit = Visit(context.new_page())
        visit.open(tampered)
        assert visit.page.evaluate("window.hacked") is None
        assert any("Content Security Policy" in complaint for complaint in visit.complaints)
