"""Tables in three formats, from rows chosen by hand and from a benchmark that has run."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from adue.research.benchmark.cells_frame import Domain, read_frame
from adue.research.benchmark.folders import Folders
from adue.research.benchmark.render_tables import caption_of, render
from adue.research.benchmark.run_record import RunRecord
from adue.research.benchmark.tables import Table, auroc_table, failures_table, metrics_table
from tests.research.benchmark.conftest import Ground
from tests.research.benchmark.results import result, write_rows


def texts(table: Table) -> dict[str, list[str]]:
    return {row[0].text: [entry.text for entry in row[1:]] for row in table.rows}


def best(table: Table) -> set[tuple[str, int]]:
    return {(row[0].text, column) for row in table.rows for column, entry in enumerate(row[1:]) if entry.best}


def test_auroc_has_its_spread_over_seeds_and_the_best_is_marked(tmp_path: Path) -> None:
    rows = [
        result("entropy", "a", 0.70, seed=0, accuracy=0.8, errors=20),
        result("entropy", "a", 0.72, seed=1, accuracy=0.9, errors=10),
        result("energy", "a", 0.60, seed=0),
        result("deep-ensemble", "b", 0.5, accuracy=0.5, errors=50),
        result("entropy", "b", 0.9, accuracy=0.5, errors=50),
    ]
    table = auroc_table(
        "t", read_frame(write_rows(tmp_path / "c.csv", rows)), ["entropy", "energy", "deep-ensemble"], ""
    )
    assert table.header == ("method", "m a", "m b")
    # The standard deviation of 0.70 and 0.72 is 0.01414.
    assert texts(table) == {
        "accuracy, %": ["85.0", "50.0"],
        "errors": ["15 of 100", "50 of 100"],
        "entropy": ["71.0 ± 1.4", "90.0"],
        "energy": ["60.0", "-"],
        "deep-ensemble *": ["-", "50.0"],
    }
    assert best(table) == {("entropy", 0), ("entropy", 1)}


def test_a_method_that_scored_fewer_rows_is_never_the_best_and_has_no_mean_of_metrics(tmp_path: Path) -> None:
    rows = [result("entropy", "a", 0.7, aurc=0.2), result("lora-laplace", "a", 0.9, n=50, aurc=0.1)]
    frame = read_frame(write_rows(tmp_path / "c.csv", rows))
    order = ["lora-laplace", "entropy"]
    table = auroc_table("t", frame, order, "")
    assert texts(table)["lora-laplace *"] == ["90.0"]
    assert best(table) == {("entropy", 0)}
    metrics = metrics_table("t", Domain.both(frame)[0], order, "")
    assert [row[0].text for row in metrics.rows] == ["entropy"]


def test_metrics_are_averaged_and_the_best_is_the_least_where_less_is_better(tmp_path: Path) -> None:
    rows = [
        result("entropy", "a", 0.8, aurc=0.1),
        result("entropy", "b", 0.6, aurc=0.3),
        result("energy", "a", 0.6, aurc=0.1, ece=0.25),
        result("energy", "b", 0.6, aurc=0.2, ece=0.75),
    ]
    domain, _ = Domain.both(read_frame(write_rows(tmp_path / "c.csv", rows)))
    table = metrics_table("t", domain, ["entropy", "energy"], "")
    columns = {name: [row[i].text for row in table.rows] for i, name in enumerate(table.header)}
    assert columns["auroc"] == ["0.7000", "0.6000"]
    assert columns["aurc"] == ["0.2000", "0.1500"]
    assert columns["ece"] == ["-", "0.5000"]
    auroc, aurc = table.header.index("auroc") - 1, table.header.index("aurc") - 1
    assert {("entropy", auroc), ("energy", aurc)} <= best(table)
    assert ("entropy", aurc) not in best(table)


def test_notes_are_counted(tmp_path: Path) -> None:
    rows = [result("energy", "a", 0.5, note="failed: x", seed=seed) for seed in range(3)]
    table = failures_table("t", read_frame(write_rows(tmp_path / "c.csv", [*rows, result("entropy", "a", 0.5)])), "")
    assert texts(table) == {"energy": ["3", "failed: x"]}


@pytest.fixture(scope="module")
def rendered(ground: Ground, finished: Folders, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = shutil.copytree(finished.root, tmp_path_factory.mktemp("rendered") / "out")
    render(ground.config(), Folders(root))
    return root


def test_every_file_is_there(rendered: Path) -> None:
    names = {path.name for path in rendered.iterdir() if path.suffix in {".md", ".tex", ".html", ".svg"}}
    assert names == {
        "tables.md",
        "tables.tex",
        "tables.html",
        "critical-difference-in-domain.svg",
        "critical-difference-shifted.svg",
    }


def test_every_table_says_command_commit_machine_time_and_rows(rendered: Path) -> None:
    sections = (rendered / "tables.md").read_text().split("\n## ")[1:]
    assert len(sections) >= 6
    for section in sections:
        for word in ("Command:", "commit:", "machine:", "time:", "Trained on 96 rows", "seeds: 0, 1"):
            assert word in section


def test_pictures_say_whether_any_method_ranks_differently(rendered: Path) -> None:
    page = (rendered / "tables.html").read_text(encoding="utf-8")
    assert re.search(r"Friedman&#39;s test of all methods ranking alike: p = [01](\.\d+)?;", page)


def test_in_domain_and_shifted_rows_have_tables_of_their_own(rendered: Path) -> None:
    headings = re.findall(r"^## (.*)$", (rendered / "tables.md").read_text(), re.MULTILINE)
    assert "AUROC in-domain" in headings
    assert "AUROC shifted" in headings


def test_markdown_rows_have_as_many_cells_as_their_header(rendered: Path) -> None:
    widths = set()
    for block in (rendered / "tables.md").read_text().split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
        assert len(counts) <= 1, block
        widths |= counts
    assert widths


def test_latex_is_balanced_and_escaped(rendered: Path) -> None:
    text = (rendered / "tables.tex").read_text()
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") >= 6
    assert not re.search(r"(?<!\\)[_#&](?=[a-z])", text)
    for row in re.findall(r"^(.*) \\\\$", text, re.MULTILINE):
        assert row.count("{") == row.count("}")


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tables = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tables += tag == "table"
        if tag not in {"meta", "rect", "path"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"rect", "path"}:
            assert self.open.pop() == tag


def test_the_page_is_closed_needs_nothing_else_and_holds_the_pictures(rendered: Path) -> None:
    page = (rendered / "tables.html").read_text()
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert tags.tables >= 6
    assert page.count("<svg") == 2
    assert "<script" not in page
    assert not re.search(r'(src|href)="http', page)


def test_other_rows_of_the_file_do_not_enter_the_tables(ground: Ground, rendered: Path) -> None:
    frame = read_frame(rendered / "cells.csv", ground.config(methods=["entropy"], seeds=[1]))
    assert set(frame["method"]) == {"softmax-response", "entropy"}
    assert set(frame["seed"]) == {1}


def test_a_caption_without_a_journal_still_says_what_rows_it_is_about(ground: Ground, tmp_path: Path) -> None:
    frame = read_frame(write_rows(tmp_path / "c.csv", [result("entropy", "a", 0.5, train_rows=6000)]))
    words = caption_of(frame, ground.config(evaluation_rows=2000), RunRecord.read(tmp_path / "run.json"))
    assert words.startswith(
        "Trained on 6,000 rows (drawn with seed 42 where there are more), evaluated on at most 2,000"
    )
