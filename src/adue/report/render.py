"""The report: plain data, charts and sentences, put into one template."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adue.foundation.config import AdueConfig
from adue.foundation.errors import DataError
from adue.foundation.files import atomic_write
from adue.report.charts import Chart, charts
from adue.report.examples import Example, confidently_wrong, most_uncertain
from adue.report.fitting_facts import fact_groups
from adue.report.html_page import render_page
from adue.report.results import EvaluationResult, ScoredSet, SetResult
from adue.report.sentences import fitting_sentence, set_sentences, summary
from adue.report.tables import HumanRow, ScoreRow, human_rows, score_rows


@dataclass(frozen=True)
class Section:
    """Everything the template says about one evaluation set."""

    result: SetResult
    in_domain: bool
    summary: str
    sentences: list[str]
    scores: list[ScoreRow]
    humans: list[HumanRow]
    charts: list[Chart]
    uncertain: list[Example]
    wrong: list[Example]


def write_report(path: Path, evaluation: EvaluationResult, scored: Sequence[ScoredSet]) -> None:
    """Write the report of `render_report` to `path`, as a whole or not at all.

    Raises
    ------
    ArtifactError
        When the file cannot be written.
    DataError
        When `scored` lacks the rows of an evaluation set.
    """
    page = render_report(evaluation, scored)
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def render_report(evaluation: EvaluationResult, scored: Sequence[ScoredSet]) -> str:
    """Return one HTML page, about 5 MB, that needs no other file and no network.

    Parameters
    ----------
    evaluation
        The tables; the first set counts as in-domain, all others as shifted.
    scored
        The rows behind every set of `evaluation`, found by name.

    Raises
    ------
    DataError
        When `scored` lacks the rows of an evaluation set.
    """
    rows = {one.name: one for one in scored}
    missing = [result.name for result in evaluation.sets if result.name not in rows]
    if missing:
        raise DataError(
            f"the report needs the rows of every evaluation set, those of {', '.join(missing)} are missing; "
            "pass one ScoredSet per set, with the same name"
        )
    sections = [
        make_section(evaluation.config, result, rows[result.name], in_domain=index == 0)
        for index, result in enumerate(evaluation.sets)
    ]
    return render_page(
        "report.html.j2",
        sections=sections,
        fitting=fitting_sentence(evaluation.config),
        fact_groups=fact_groups(evaluation),
    )


def make_section(config: AdueConfig, result: SetResult, scored: ScoredSet, *, in_domain: bool) -> Section:
    """Return what the page says about one evaluation set of the head with this configuration."""
    id2label = config.id2label
    return Section(
        result=result,
        in_domain=in_domain,
        summary=summary(result),
        sentences=set_sentences(result, scored),
        scores=score_rows(result),
        humans=human_rows(result),
        charts=charts(result, scored, config),
        uncertain=most_uncertain(scored, id2label),
        wrong=confidently_wrong(scored, id2label),
    )
