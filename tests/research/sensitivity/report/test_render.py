from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs

from adue.foundation.config import FitSettings
from adue.foundation.errors import ArtifactError
from adue.research.sensitivity.report import write_sensitivity
from tests.report.test_render import Page
from tests.research.sensitivity.report.factory import make_facts, make_table


def written(folder: Path, data: str = "reviews") -> tuple[str, str]:
    write_sensitivity(folder / "sweep.html", folder / "sweep.md", make_table(), make_facts(data))
    return (folder / "sweep.html").read_text(encoding="utf-8"), (folder / "sweep.md").read_text(encoding="utf-8")


def test_page_and_summary_say_the_same(tmp_path: Path) -> None:
    found = write_sensitivity(tmp_path / "a.html", tmp_path / "a.md", make_table(), make_facts())
    html = Page((tmp_path / "a.html").read_text(encoding="utf-8")).text
    summary = (tmp_path / "a.md").read_text(encoding="utf-8")
    for sentence in found.sentences:
        assert sentence in html
        assert sentence in summary


def test_there_is_a_heat_map_per_learning_rate_and_kind_of_rows_and_a_figure_per_curve(tmp_path: Path) -> None:
    page = Page(written(tmp_path)[0])
    assert page.count("div", **{"class": "plot"}) == page.count("script", type="application/json") == 2 * 2 + 3
    assert page.count("table") == 4


def test_without_lambda_its_part_is_left_out(tmp_path: Path) -> None:
    facts = make_facts(settings=FitSettings(score="entropy"))
    write_sensitivity(tmp_path / "a.html", tmp_path / "a.md", make_table(sharpness={}), facts)
    assert "Lambda" not in (tmp_path / "a.md").read_text(encoding="utf-8")


def test_the_tables_of_the_summary_are_markdown(tmp_path: Path) -> None:
    lines = written(tmp_path)[1].splitlines()
    (at,) = (number for number, line in enumerate(lines) if line.startswith("| training errors |"))
    assert lines[at].endswith("| test AUROC | softmax response | test gain | interval |")
    assert lines[at + 1] == "| --- | --- | --- | --- | --- | --- | --- |"
    assert lines[at + 3].startswith("| 100 | 0.720 | +2.00 | 0.710 | 0.700 | +1.00 | +0.9")


def test_names_are_escaped(tmp_path: Path) -> None:
    html, summary = written(tmp_path, data="<script>alert(1)</script>|x")
    assert "<script>alert" not in html
    assert "| Data | <script>alert(1)</script>&#124;x |" in summary.splitlines()


def test_the_page_needs_no_other_file(tmp_path: Path) -> None:
    page = Page(written(tmp_path)[0])
    assert not [tag for tag, attributes in page.tags if {"src", "href"} & attributes.keys() and tag != "a"]
    assert get_plotlyjs() in written(tmp_path)[0]


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("")
    with pytest.raises(ArtifactError, match="cannot write"):
        write_sensitivity(tmp_path / "blocked" / "a.html", tmp_path / "a.md", make_table(), make_facts())
