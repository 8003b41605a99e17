"""The manager's page says the same numbers in both languages, and holds nothing that needs a network or a script."""

import re
from datetime import date
from html.parser import HTMLParser

import pytest

from adue.decisions.costs import Costs, Reviewers
from adue.decisions.outcomes import OptionName
from adue.decisions.policy import Policy, Validity
from adue.report.decision_figures import policy_figures
from adue.report.manager_page import render_manager_page
from tests.support.decisions import COSTS, make_policy

OPTIONS: tuple[OptionName, ...] = ("accept-all", "review-all", "least-cost", "errors-let-through", "review-share")
POLICIES: dict[str, Policy] = {
    **{str(option): make_policy(option) for option in OPTIONS},
    "accepted-error": make_policy("accepted-error", rows=4000),
    "yen": make_policy(costs=Costs(currency="JPY", error=3000, review=150, miss={"refund": 20_000.0})),
    "full queue": make_policy(costs=COSTS.model_copy(update={"reviewers": Reviewers(per_day=40)})),
    "no rows": make_policy(valid=Validity(until=date(2027, 5, 31))),
    "class": make_policy(costs=COSTS.model_copy(update={"always_review": ("refund",)})),
}


class Words(HTMLParser):
    """The text that a reader sees, and the alternative text of figures."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] != "style":
            self.text += f" {data} "


def numbers(page: str) -> list[str]:
    """Return every number that a reader sees, dates left out: they are written differently."""
    text = Words(page).text
    text = re.sub(r"\d+ (May|December) \d{4}|\d{4}年\d+月\d+日", " ", text)
    return sorted(re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", text))


@pytest.mark.parametrize("name", POLICIES)
def test_both_languages_have_the_same_numbers(name: str) -> None:
    english, japanese = (render_manager_page(POLICIES[name], language) for language in ("en", "ja"))
    assert set(numbers(english)) == set(numbers(japanese))
    figures = policy_figures(POLICIES[name])
    for count in (figures.answered, figures.wrong, figures.people):
        assert f"{count:,}" in numbers(japanese)


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_page_needs_no_network_and_no_script_and_every_value_is_filled_in(name: str, language: str) -> None:
    page = render_manager_page(POLICIES[name], language)  # type: ignore[arg-type]
    assert f'<html lang="{language}">' in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=|url\(|@import|https?://(?!www\.w3\.org)", page)
    assert not re.search(r"\{[a-z_]+\}", Words(page).text)
    assert page.count("<desc ") == 2, "both figures have an alternative text"


def headline(policy: Policy, language: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", render_manager_page(policy, language))  # type: ignore[arg-type]
    assert found is not None
    return found.group(1)


def test_the_headline_is_the_decision_in_counts() -> None:
    figures = policy_figures(POLICIES["least-cost"])
    assert headline(POLICIES["least-cost"], "en") == (
        f"Of 1,000 texts, the model answers {figures.answered} and gets {figures.wrong} of these wrong; people read "
        f"{figures.people}."
    )
    japanese = headline(POLICIES["least-cost"], "ja")
    assert f"自動判定は{figures.answered}件" in japanese
    assert f"うち誤り{figures.wrong}件" in japanese


def test_yen_are_written_as_in_japan_and_other_money_with_its_code() -> None:
    assert re.search(r"誤りが分類によって3,000円から20,000円", render_manager_page(POLICIES["yen"], "ja"))
    assert "JPY\N{NO-BREAK SPACE}3,000" in render_manager_page(POLICIES["yen"], "en")


def test_a_name_is_no_markup() -> None:
    page = render_manager_page(make_policy(owner="<b>Sato</b>"), "en")
    assert "&lt;b&gt;Sato" in page
    assert "<b>Sato" not in page
