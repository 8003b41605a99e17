"""The page: complete, escaped, self-contained, small, and written whole."""

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs

from adue.foundation.errors import ArtifactError, DataError
from adue.report import render_report, write_report
from adue.report.results import SetResult
from tests.report.factory import ADAPTER_SHA256, make_evaluation, make_result, make_scored

BUNDLE = get_plotlyjs()


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text outside of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._silent = False
        self.feed(page.replace(BUNDLE, ""))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._silent = tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._silent else data

    def count(self, tag: str, **attributes: str) -> int:
        return sum(name == tag and attributes.items() <= found.items() for name, found in self.tags)


@cache
def make_page(*texts: str) -> str:
    test = make_scored("reviews", texts=texts or ["fine"])
    tweets = make_scored("tweets", error_rate=0.3, seed=1)
    evaluation = make_evaluation(make_result(test), make_result(tweets, human_correlation={"adue": 0.31}))
    return render_report(evaluation, [test, tweets])


def test_the_first_set_is_called_in_domain_and_the_others_shifted() -> None:
    text = Page(make_page()).text
    first, second = text.index("In-domain: the kind of text"), text.index("Shifted: text from elsewhere")
    assert first < text.index("reviews", first) < second < text.index("tweets", second)


def test_the_page_begins_with_what_the_first_set_shows() -> None:
    text = Page(make_page()).text
    assert text.index("the classifier is right in") < text.index("AdUE ranks an error above") < text.index("In-domain")


def test_each_set_has_its_table_and_figures() -> None:
    page = Page(make_page())
    assert page.count("table", **{"class": "scores"}) == 2
    assert page.count("div", **{"class": "plot"}) == page.count("script", type="application/json") == 8


def test_raters_appear_only_where_a_set_has_them() -> None:
    assert Page(make_page()).text.count("Agreement with human raters") == 1


def test_the_full_hash_is_in_the_title_of_the_short_one() -> None:
    page = Page(make_page())
    assert page.count("code", title=ADAPTER_SHA256) == 1
    assert ADAPTER_SHA256 not in page.text


def test_a_note_takes_the_place_of_table_and_curves() -> None:
    scored = make_scored(error_rate=0.0)
    note = "AUROC is undefined on the test data: no prediction is wrong in 400 rows; give more rows"
    page = Page(render_report(make_evaluation(make_result(scored, note=note)), [scored]))
    assert note in page.text
    assert "No prediction on this set is wrong." in page.text
    assert page.count("table") == 0
    assert page.count("div", **{"class": "plot"}) == 2


def test_an_evaluation_without_sets_still_says_what_was_fitted() -> None:
    assert "What was fitted on what" in Page(render_report(make_evaluation(), [])).text


@pytest.mark.parametrize(
    "text", ["<script>window.hacked=1</script>", "</script>", "<img src=x onerror=alert(1)>", "{{ 7 * 7 }}"]
)
def test_a_text_is_shown_as_it_is_and_never_becomes_markup(text: str) -> None:
    page, harmless = Page(make_page(text)), Page(make_page("fine"))
    assert text in page.text
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in harmless.tags]


def test_a_set_name_cannot_leave_an_attribute() -> None:
    scored = make_scored('"><b onclick="x">')
    page = Page(render_report(make_evaluation(make_result(scored)), [scored]))
    assert page.count("b") == 0
    assert '"><b onclick="x">' in page.text


def test_nothing_is_loaded_from_elsewhere() -> None:
    page = make_page()
    loads = [value for _, found in Page(page).tags for name, value in found.items() if name in {"src", "href"}]
    assert loads
    assert all(value and value.startswith("#") for value in loads)
    assert not re.search(r"@import|url\(", page.replace(BUNDLE, ""))


def test_plotly_is_in_the_page_once() -> None:
    assert make_page().count(BUNDLE) == 1


def test_a_hundred_thousand_long_rows_add_little_to_the_page() -> None:
    scored = make_scored(rows=100_000, texts=["x" * 5000])
    page = render_report(make_evaluation(make_result(make_scored(rows=400))), [scored])
    assert len(page) - len(BUNDLE) < 250_000


def test_the_same_data_give_the_same_page() -> None:
    make_page.cache_clear()
    first = make_page()
    make_page.cache_clear()
    assert make_page() == first


def test_a_set_whose_rows_are_missing_is_named() -> None:
    scored = make_scored("reviews")
    with pytest.raises(DataError, match=r"those of reviews are missing; pass one ScoredSet per set"):
        render_report(make_evaluation(make_result(scored)), [make_scored("tweets")])


def test_the_file_is_the_page_and_no_temporary_file_is_left(tmp_path: Path) -> None:
    scored = make_scored(texts=["na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve \N{SNOWMAN}"])
    evaluation = make_evaluation(make_result(scored))
    write_report(tmp_path / "new" / "report.html", evaluation, [scored])
    written = (tmp_path / "new" / "report.html").read_text(encoding="utf-8")
    assert written == render_report(evaluation, [scored])
    assert len(list((tmp_path / "new").iterdir())) == 1


def test_a_file_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    scored = make_scored()
    (tmp_path / "file").touch()
    with pytest.raises(ArtifactError, match=r"cannot write .*report\.html"):
        write_report(tmp_path / "file" / "report.html", make_evaluation(make_result(scored)), [scored])


def test_a_set_without_rows_says_so_and_draws_nothing() -> None:
    scored = make_scored("empty", rows=0)
    result = SetResult(name="empty", rows=0, errors=0, accuracy=float("nan"), majority_accuracy=0.0, scores=())
    page = Page(render_report(make_evaluation(result), [scored]))
    assert "This set has no rows." in page.text
    assert "nan" not in page.text
    assert page.count("div", **{"class": "plot"}) == 0
