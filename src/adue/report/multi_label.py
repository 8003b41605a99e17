"""The report on several labels per text: each label is a set of its own, with the classes no and yes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from adue.foundation.config import AdueConfig
from adue.foundation.config.multi_label_config import MultiLabelConfig
from adue.foundation.files import atomic_write
from adue.report.fitting_facts import Fact, FactGroup, hash_fact, origin_facts
from adue.report.html_page import render_page
from adue.report.numbers import count, decimal
from adue.report.render import Section, make_section
from adue.report.results import ScoredSet, SetResult


def write_label_report(
    path: Path,
    config: MultiLabelConfig,
    results: Sequence[SetResult],
    scored: Sequence[ScoredSet],
    *,
    facts: Mapping[str, str],
) -> None:
    """Write one page with a section per label to `path`, as a whole or not at all.

    Parameters
    ----------
    results, scored
        The tables and the rows behind them, in the order of the labels' ids.
    facts
        What was evaluated (``Adapter``), on what (``Evaluated on``), and what else the page says of that.

    Raises
    ------
    ArtifactError
        When the file cannot be written.
    """
    sections = [
        _section(config, index, result, rows, facts["Evaluated on"])
        for index, (result, rows) in enumerate(zip(results, scored, strict=True))
    ]
    page = render_page(
        "report.html.j2",
        sections=sections,
        fitting=_fitting_sentence(config),
        fact_groups=_fact_groups(config, facts),
    )
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _section(config: MultiLabelConfig, index: int, result: SetResult, scored: ScoredSet, data: str) -> Section:
    label, name = config.labels[index], f"{data}: {config.names[index]}"
    section = make_section(
        label.head or _any_head(config), result.model_copy(update={"name": name}), scored, in_domain=True
    )
    # The words beside the charts describe a fitted U.
    return section if label.head is not None else replace(section, charts=[])


def _any_head(config: MultiLabelConfig) -> AdueConfig:
    found = next(label.head for label in config.labels if label.head is not None)
    return found.model_copy(update={"id2label": {0: "no", 1: "yes"}})


def _fitting_sentence(config: MultiLabelConfig) -> str:
    without = [name for name, label in zip(config.names, config.labels, strict=True) if label.head is None]
    rows = f"{count(config.train_rows, 'training row')} and {count(config.validation_rows, 'validation row')}"
    sentence = f"Each of {len(config.labels)} labels is a yes or no with a U of its own, fitted on {rows}."
    if not without:
        return sentence
    return f"{sentence} For {', '.join(without)} there were too few errors, and U is the softmax response."


def _fact_groups(config: MultiLabelConfig, facts: Mapping[str, str]) -> list[FactGroup]:
    origin = [] if config.provenance is None else origin_facts(config.provenance)
    fitted = [
        Fact(name, _gain(label.head) if label.head is not None else f"softmax response: {label.reason}")
        for name, label in zip(config.names, config.labels, strict=True)
    ]
    return [
        FactGroup("Classifier", [Fact("Adapter", facts["Adapter"]), *origin, Fact("Labels", ", ".join(config.names))]),
        FactGroup("Validation AUROC of U, and of the softmax response", fitted),
        FactGroup(
            "This report",
            [
                *(Fact(term, value) for term, value in facts.items() if term != "Adapter"),
                hash_fact("Hash of the heads", config.head_sha256),
                Fact("Heads written by", f"adue {config.adue_version}, format {config.format_version}"),
                Fact("Report written by", f"adue {version('adue')}"),
            ],
        ),
    ]


def _gain(config: AdueConfig) -> str:
    metrics = config.metrics
    return f"{decimal(metrics.validation_auroc)}, {decimal(metrics.validation_auroc_softmax_response)}"
