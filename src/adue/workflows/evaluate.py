"""`adue evaluate`: AUROC with intervals for every score, on the test split and on shifted data, and the report."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from datasets import Dataset
from scipy.stats import spearmanr

from adue.datasets import fingerprint, subsample, texts_of
from adue.foundation.defaults import RESAMPLES
from adue.foundation.errors import DataError, DataWarning
from adue.foundation.scaling.processes import processes
from adue.foundation.types import OUT_OF_SCOPE, FeatureSet
from adue.heads.score import score_features
from adue.metrics import compare_auroc, require_both
from adue.models.model import AdueModel
from adue.report import write_report
from adue.report.results import EvaluationResult, ScoredSet, ScoreResult, SetResult
from adue.scores import ADUE, REFERENCE
from adue.workflows.fit import extract_split, load_labelled
from adue.workflows.options import DataOptions, ModelOptions, Progress, no_progress

HUMAN_SPREAD = "rating_std"
"""Column with the spread of several people's ratings of the same text, where the data has one."""


@dataclass(frozen=True)
class Evaluation:
    """The tables, and the rows behind them."""

    result: EvaluationResult
    scored: tuple[ScoredSet, ...]


def evaluate(
    adapter: str | Path,
    data: str | Path,
    *,
    report: Path | None = None,
    model_options: ModelOptions | None = None,
    data_options: DataOptions | None = None,
    resamples: int = RESAMPLES,
    shifted_rows: int | None = None,
    progress: Progress = no_progress,
) -> Evaluation:
    """Score the test split of `data`, and every data set that it names as shifted.

    The distances are measured to the train split of `data`; where it has none they are left out. Of processes that
    were launched together each reads its share of the rows; the main one scores and writes, and all return its result.

    Parameters
    ----------
    report
        Where to write the HTML report; None for none.
    resamples
        Bootstrap draws behind each interval.
    shifted_rows
        Most rows of each shifted set, drawn at random with the classes in proportion; None for all.

    Raises
    ------
    AdueError
        When there is no fitted head, or the data cannot be used.
    """
    options, group = model_options or ModelOptions(), processes()
    progress = progress if group.is_main else no_progress
    model, fitted = options.load_fitted(adapter)
    home = load_labelled(model, data, ("test",), data_options)
    sets = {str(data): home["test"]}
    # Labels may be called the same there; columns of data sets with names of their own are known.
    elsewhere = None if data_options is None else DataOptions(label_map=data_options.label_map)
    shifted = {name: load_labelled(model, name, ("test",), elsewhere, shared_map=True)["test"] for name in home.shifted}
    sets |= {name: subsample(rows, shifted_rows) for name, rows in shifted.items()}
    train = None
    if "train" in home.splits:
        train = extract_split(model, home["train"], "reading train", options, progress)
    features = {name: extract_split(model, rows, f"reading {name}", options, progress) for name, rows in sets.items()}

    def score_and_write() -> Evaluation:
        warn_if_seen(model, home["test"])
        scored = tuple(_score(name, rows, features[name], model, train) for name, rows in sets.items())
        tables = tuple(_table(one, sets[one.name], features[one.name], resamples) for one in scored)
        result = EvaluationResult(
            adapter=str(adapter),
            data=str(data),
            config=fitted.config,
            sets=tables,
            device=str(model.classifier.device),
            notes=home.notes,
            text_columns=home.text_columns,
            limit=model.classifier.limit,
        )
        if report is not None:
            write_report(report, result, scored)
        return Evaluation(result, scored)

    return group.once(score_and_write)


def _score(name: str, rows: Dataset, features: FeatureSet, model: AdueModel, train: FeatureSet | None) -> ScoredSet:
    scores = score_features(
        features.features, features.logits, fitted=model.fitted, train=train, classifier_head=model.classifier.head
    )
    return ScoredSet(
        name=name,
        texts=texts_of(rows)[:],
        labels=np.asarray(rows["label"][:]),
        predictions=features.predictions.numpy(),
        confidence=features.logits.double().softmax(dim=-1).amax(dim=-1).numpy(),
        scores={ADUE: scores.pop(ADUE)} | scores,
    )


def _table(scored: ScoredSet, rows: Dataset, features: FeatureSet, resamples: int) -> SetResult:
    errors, note = scored.errors, None
    try:
        require_both(errors, scored.name)
    except DataError as error:
        note = str(error)
    return SetResult(
        name=scored.name,
        rows=len(errors),
        errors=int(errors.sum()),
        accuracy=float(1 - errors.mean()) if len(errors) else float("nan"),
        majority_accuracy=_majority_accuracy(scored.labels),
        scores=() if note else _rows(scored, resamples),
        human_correlation=_human_correlation(scored, rows),
        note=note,
        texts_cut=features.texts_cut,
    )


def _majority_accuracy(labels: np.ndarray) -> float:
    """Return how often always answering the commonest class is right; never where no class fits."""
    counts = np.bincount(labels[labels != OUT_OF_SCOPE], minlength=1)
    return float(counts.max() / len(labels)) if len(labels) else float("nan")


def _rows(scored: ScoredSet, resamples: int) -> tuple[ScoreResult, ...]:
    names = list(scored.scores)
    compared = compare_auroc(
        np.stack([scored.scores[name] for name in names]),
        scored.errors,
        reference=names.index(REFERENCE),
        resamples=resamples,
    )
    return tuple(
        ScoreResult(name=name, auroc=row.auroc, difference=row.difference)
        for name, row in zip(names, compared, strict=True)
    )


def _human_correlation(scored: ScoredSet, rows: Dataset) -> dict[str, float] | None:
    if HUMAN_SPREAD not in rows.column_names:
        return None
    spread = np.array([_number(value) for value in rows[HUMAN_SPREAD][:]])
    known = np.isfinite(spread)
    if len(np.unique(spread[known])) < 2:  # noqa: PLR2004 - a constant correlates with nothing
        return None
    return {name: float(spearmanr(u[known], spread[known]).statistic) for name, u in scored.scores.items()}


def _number(value: object) -> float:
    """Return a cell of a file as a number; NaN where it is none."""
    try:
        return float(str(value))
    except ValueError:
        return float("nan")


def warn_if_seen(model: AdueModel, test: Dataset) -> None:
    """Warn where `test` are the very rows that the head of `model` was trained on."""
    provenance = None if model.fitted is None else model.fitted.config.provenance
    if provenance is not None and provenance.training_data_sha256 == fingerprint(test):
        warnings.warn(
            "these are the very rows that the head was trained on: its AUROC here says nothing about new texts",
            DataWarning,
            stacklevel=3,
        )
