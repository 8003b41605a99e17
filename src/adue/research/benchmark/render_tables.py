"""tables.md, tables.tex, tables.html and the critical-difference pictures, from cells.csv and run.json alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from adue.foundation.errors import DataError
from adue.foundation.files import atomic_write
from adue.metrics import critical_difference, friedman_test
from adue.report.html_page import style_sheet
from adue.research.benchmark.cells_frame import Domain, present_methods, read_frame
from adue.research.benchmark.configuration import BenchmarkConfig
from adue.research.benchmark.critical_difference import critical_difference_svg
from adue.research.benchmark.folders import Folders
from adue.research.benchmark.run_record import RunRecord
from adue.research.benchmark.standings import Standing, standings
from adue.research.benchmark.tables import Table, auroc_table, failures_table, metrics_table, standings_table
from adue.research.methods import all_methods

TITLE = "Uncertainty scores compared"
MIN_RANKED = 2

MARKDOWN = str.maketrans({"|": "\\|", "<": "&lt;", "*": "\\*"})
LATEX = str.maketrans(
    {"&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}",
     "^": r"\textasciicircum{}", "\\": r"\textbackslash{}", "<": r"\textless{}", ">": r"\textgreater{}",
     "±": r"$\pm$"}
)  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """A drawing with its words."""

    name: str
    title: str
    caption: str
    svg: Markup


def render(config: BenchmarkConfig, folders: Folders) -> tuple[list[Standing], list[Path]]:
    """Write all tables and pictures, and return the in-domain standings of single-pass methods and the files.

    Raises
    ------
    DataError
        When there are no rows yet.
    ArtifactError
        When cells.csv has other columns, or a file cannot be written.
    MissingExtraError
        When statsmodels is not installed.
    """
    frame = read_frame(folders.cells, config)
    caption = caption_of(frame, config, RunRecord.read(folders.run_record))
    pictures: list[Picture] = []
    tables: list[Table] = []
    ranking: list[Standing] = []
    for domain in Domain.both(frame):
        if domain.frame.empty:
            continue
        drawn, made, found = _domain(domain, caption)
        pictures += drawn
        tables += made
        ranking = ranking or found
    companions = frame[~frame["shifted"] & (frame["evaluation_set"] != frame["data_set"])]
    if not companions.empty:
        order = list(dict.fromkeys(companions["method"]))
        tables.append(auroc_table("AUROC beside the test sets, not shifted", companions, order, caption))
    if (frame["note"] != "").any():
        tables.append(failures_table("Notes", frame, caption))
    return ranking, _write(folders.root, caption, tables, pictures)


def _domain(domain: Domain, caption: str) -> tuple[list[Picture], list[Table], list[Standing]]:
    methods = present_methods(domain.frame, all_methods().values())
    names = [method.name for method in methods]
    single = [method.name for method in methods if method.single_pass]
    everything, found = standings(domain, names), standings(domain, single)
    order = [one.method for one in everything]
    words = f"{STANDING_WORDS} {caption}"
    tables = [
        auroc_table(f"AUROC {domain.name}", domain.frame, order, f"{AUROC_WORDS} {caption}"),
        standings_table(f"Single-pass methods {domain.name}", found, words),
    ]
    if len(names) > len(single):
        tables.append(standings_table(f"All methods {domain.name}", everything, f"{COST_WORDS} {words}"))
    tables.append(metrics_table(f"All metrics {domain.name}", domain, order, f"{METRIC_WORDS} {caption}"))
    return _pictures(domain, single, caption), tables, found


AUROC_WORDS = (
    "AUROC of the errors in per cent, mean ± standard deviation over seeds; a star marks methods that need more than "
    "one forward pass of one adapter."
)
STANDING_WORDS = (
    "Rank, mean AUROC and p are over tasks, with seeds averaged; wins, ties and losses count every cell, where a "
    "difference to softmax response (SR) inside its paired 95 % bootstrap interval is a tie; p is Wilcoxon's "
    "signed-rank test against SR after Holm's correction; minus SR and p are of the rows that a method has scored; "
    "where these are not all rows of every cell, it has no rank."
)
COST_WORDS = "A star marks methods that need more than one forward pass of one adapter."
METRIC_WORDS = (
    "Mean over tasks, with seeds averaged, of methods that have scored all rows of every cell; the last four for "
    "scores that are meant as probabilities only."
)


def _pictures(domain: Domain, methods: Sequence[str], caption: str) -> list[Picture]:
    ranked = [one for one in standings(domain, methods) if one.rank == one.rank]
    complete = domain.complete(methods)
    tasks = complete.shape[1]
    if len(ranked) < MIN_RANKED or not tasks:
        return []
    critical = critical_difference(len(ranked), tasks)
    title = f"Mean ranks of single-pass methods {domain.name}"
    words = (
        f"Tasks: {tasks}; {_friedman_words(complete)}1 is the best rank; a bar joins methods that do not differ "
        f"(Nemenyi, 5 %). {caption}"
    )
    svg = critical_difference_svg({one.method: one.rank for one in ranked}, critical, title)
    return [Picture(f"critical-difference-{domain.name}.svg", title, words, Markup(svg))]  # noqa: S704 - escaped there


def _friedman_words(auroc: pd.DataFrame) -> str:
    try:
        found = friedman_test(auroc.to_numpy())
    except DataError:
        return ""
    return f"Friedman's test of all methods ranking alike: p = {found.p_value:.2g}; "


def caption_of(frame: pd.DataFrame, config: BenchmarkConfig, run_record: RunRecord) -> str:
    """Return command, commit, machine, time and how rows were drawn, which every table repeats."""
    parts = []
    if run_record.sessions:
        last = run_record.sessions[-1]
        commits = dict.fromkeys(one.commit or f"version {one.version}" for one in run_record.sessions)
        hours = sum(one.seconds for one in run_record.sessions) / 3600
        parts.append(
            f"Command: {last.command}; commit: {', '.join(commits)}; machine: {last.machine}; "
            f"processes: {last.workers}; time: {hours:.2f} h (sessions: {len(run_record.sessions)})."
        )
    rows = sorted(set(frame["train_rows"]))
    most = "all" if config.evaluation_rows is None else f"at most {config.evaluation_rows:,}"
    parts.append(
        f"Trained on {' or '.join(f'{number:,}' for number in rows)} rows (drawn with seed 42 where there are more), "
        f"evaluated on {most} rows of each set; seeds: {', '.join(map(str, sorted(set(frame['seed'].astype(int)))))}."
    )
    return " ".join(parts)


def _write(root: Path, about: str, tables: Sequence[Table], pictures: Sequence[Picture]) -> list[Path]:
    style = style_sheet()
    values = {"title": TITLE, "about": about, "tables": tables, "pictures": pictures, "style": style}
    contents = {name: _environment(name).get_template(f"{name}.j2").render(**values) for name in FILES}
    contents |= {picture.name: str(picture.svg) for picture in pictures}
    for name, text in contents.items():
        with atomic_write(root / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return [root / name for name in contents]


FILES = ("tables.md", "tables.tex", "tables.html")


def _environment(name: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("adue.research.benchmark"),
        autoescape=name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "markdown": lambda text: str(text).translate(MARKDOWN),
        "latex": lambda text: str(text).translate(LATEX),
    }
    return environment
