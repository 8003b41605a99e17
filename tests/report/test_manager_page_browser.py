"""The manager's page in a real browser: one sheet of A4, as wide as a phone, and silent."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from adue.decisions.costs import Reviewers
from adue.foundation.languages import Language
from adue.report.manager_page import write_manager_page
from tests.support.decisions import COSTS, make_policy

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs a program called chromium (apt install chromium)"),
]
LANGUAGES: tuple[Language, ...] = ("en", "ja")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("option", ["least-cost", "errors-let-through", "review-share"])
def test_the_page_is_one_sheet_and_fits_a_phone(
    language: Language, option: str, browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    costs = COSTS.model_copy(update={"reviewers": Reviewers(per_day=40), "always_review": ("refund", "invoice")})
    write_manager_page(path, make_policy(option, costs=costs), language)  # type: ignore[arg-type]
    with browser.new_context(viewport=ViewportSize(width=360, height=800)) as context:
        page, asked, complaints = context.new_page(), list[str](), list[str]()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        sheet = page.pdf(format="A4")
        assert sheet.count(b"/Type /Page") - sheet.count(b"/Type /Pages") == 1
    assert (asked, complaints) == ([path.as_uri()], [])
