"""The files: one HTML page and one Markdown summary that say the same."""

from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from adue.foundation.files import atomic_write
from adue.report.fitting_facts import Fact
from adue.report.html_page import render_page
from adue.report.numbers import SPACE, count
from adue.research.sensitivity.report.findings import Findings, SweepFacts
from adue.research.sensitivity.report.sections import Section, sections
from adue.research.sensitivity.report.sentences import findings

NOTE = (
    f"Gains are AUROC minus that of softmax response on the same rows, in hundredths; intervals are 95{SPACE}% t "
    "intervals over seeds."
)


def write_sensitivity(page: Path, summary: Path, table: pd.DataFrame, facts: SweepFacts) -> Findings:
    """Write the HTML report to `page` and the Markdown to `summary`, and return what they say.

    Parameters
    ----------
    table
        One line per trained head, as in sweep.csv, with the columns of the test filled in.

    Raises
    ------
    ArtifactError
        When a file cannot be written.
    """
    found, parts, about = findings(table, facts), sections(table, facts), fact_list(table, facts)
    html = render_page(
        "sensitivity.html.j2",
        package="adue.research.sensitivity.report",
        facts=facts,
        sentences=found.sentences,
        sections=parts,
        fact_list=about,
        note=NOTE,
    )
    for path, text in ((page, html), (summary, markdown(found, parts, about, facts))):
        with atomic_write(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return found


def fact_list(table: pd.DataFrame, facts: SweepFacts) -> list[Fact]:
    """Return what was swept, on what, and how long it took."""
    rows = [
        Fact(name.capitalize(), f"{count(number, 'row')}, {count(facts.errors[name], 'error')}")
        for name, number in facts.rows.items()
    ]
    return [
        Fact("Adapter", facts.adapter),
        Fact("Data", facts.data),
        *rows,
        Fact("Score", facts.settings.score),
        Fact("Heads trained", f"{len(table):,}, over {count(facts.seeds, 'seed')}"),
        Fact("Time of training", f"{facts.seconds:.0f}{SPACE}s"),
        Fact("Machine", facts.machine),
        Fact("Written by", f"adue {version('adue')}"),
    ]


def markdown(found: Findings, parts: Iterable[Section], about: Iterable[Fact], facts: SweepFacts) -> str:
    """Return the report without its figures."""
    blocks = [f"# Sensitivity: {facts.data}", *found.sentences, NOTE]
    for part in parts:
        blocks += [f"## {part.heading}", _markdown_table(part.header, part.rows)]
    blocks += ["## What was swept", _markdown_table(("", ""), [(fact.term, fact.value) for fact in about])]
    return "\n\n".join(blocks) + "\n"


def _markdown_table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)
