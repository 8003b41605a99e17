"""`adue evaluate` for several labels per text: every score for each label, and over all labels together."""

import warnings
from pathlib import Path

import numpy as np

from adue.datasets import LabelledSplits
from adue.foundation.config import TokenLimit
from adue.foundation.config.multi_label_config import MultiLabelConfig
from adue.foundation.defaults import MIN_OF_EACH, RESAMPLES
from adue.foundation.errors import DataError, DataWarning
from adue.foundation.result import Result
from adue.foundation.scaling.processes import processes
from adue.heads.fitted import FittedHead
from adue.heads.multi_label import LabelRows, label_head
from adue.heads.score import score_features
from adue.metrics import Comparison, compare_auroc, compare_clustered_auroc, require_both
from adue.models.tasks.multi_label import AdueModelForMultiLabelClassification, labels_fingerprint
from adue.report.multi_label import write_label_report
from adue.report.results import ScoredSet, ScoreResult, SetResult
from adue.scores import ADUE, REFERENCE
from adue.workflows.multi_label.inputs import extract_rows, load_model, load_rows
from adue.workflows.options import DataOptions, ModelOptions, Progress, no_head, no_progress

TOGETHER = "all labels"
"""What the table over rows and labels is called."""


class LabelsEvaluationResult(Result):
    """The tables of `adue evaluate` for several labels: one per label, and one over all answers."""

    adapter: str
    data: str
    config: MultiLabelConfig
    labels: tuple[SetResult, ...]
    """One per label, called like it."""
    together: SetResult
    """Over rows and labels; its intervals draw whole rows."""
    device: str
    """Where the classifier ran."""
    limit: TokenLimit
    """How many tokens of a text were read, and who says so."""
    texts_cut: int = 0
    """How many texts had more tokens than were read."""
    notes: tuple[str, ...] = ()
    """What was decided about the data, for a person to read."""
    text_columns: tuple[str, ...] = ()
    """The column that was read as the text."""

    @property
    def note_cut(self) -> str | None:
        """A line that says how many texts were cut; None where none was."""
        rows = self.labels[0].rows
        return self.limit.describe_cut(self.texts_cut, rows, windows=False) if self.texts_cut else None


def evaluate_multi_label(
    adapter: str | Path,
    data: str | Path,
    *,
    report: Path | None = None,
    model_options: ModelOptions | None = None,
    data_options: DataOptions | None = None,
    resamples: int = RESAMPLES,
    progress: Progress = no_progress,
) -> LabelsEvaluationResult:
    """Score the test split of `data` for each label; see :func:`adue.workflows.evaluate.evaluate` for parameters.

    Raises
    ------
    AdueError
        When there are no fitted heads, or the data cannot be used.
    """
    options, group = model_options or ModelOptions(), processes()
    progress = progress if group.is_main else no_progress
    model = load_model(adapter, options)
    if model.fitted is None:
        raise no_head(adapter)
    fitted = model.fitted
    splits = load_rows(model, data, ("test",), data_options)
    train = (
        extract_rows(model, splits["train"], "reading train", options, progress) if "train" in splits.splits else None
    )
    test = extract_rows(model, splits["test"], f"reading {data}", options, progress)

    def score_and_write() -> LabelsEvaluationResult:
        _warn_if_seen(fitted.config, splits)
        scored = [
            _score(name, splits["test"]["text"][:], index, model, (test, train))
            for index, name in enumerate(model.names)
        ]
        result = LabelsEvaluationResult(
            adapter=str(adapter),
            data=str(data),
            config=fitted.config,
            labels=tuple(_table(one, resamples) for one in scored),
            together=_table_together(scored, resamples),
            device=str(model.classifier.device),
            limit=model.classifier.limit,
            texts_cut=test.rows.texts_cut,
            notes=splits.notes,
            text_columns=splits.text_columns,
        )
        if report is not None:
            write_label_report(report, fitted.config, result.labels, scored, facts=_facts(result))
        return result

    return group.once(score_and_write)


def _facts(result: LabelsEvaluationResult) -> dict[str, str]:
    facts = {"Adapter": result.adapter, "Evaluated on": result.data, "Texts read": str(result.limit)}
    return facts if result.note_cut is None else facts | {"Texts cut": result.note_cut}


def _score(
    name: str,
    texts: list[str],
    index: int,
    model: AdueModelForMultiLabelClassification,
    rows: tuple[LabelRows, LabelRows | None],
) -> ScoredSet:
    test, train = rows
    head: FittedHead | None = model.require_fitted().heads[index]
    own, seen = test.label(index), None if train is None else train.label(index)
    # Distances to the rows of a class need rows of it.
    if seen is not None and min(seen.require_classes().bincount(minlength=2)) < MIN_OF_EACH:
        seen = None
    scores = score_features(
        own.features, own.logits, fitted=head, train=seen, classifier_head=label_head(model.classifier.head, index)
    )
    return ScoredSet(
        name=name,
        texts=texts,
        labels=own.require_classes().numpy(),
        predictions=own.predictions.numpy(),
        confidence=own.logits.double().softmax(dim=-1).amax(dim=-1).numpy(),
        scores={ADUE: scores.pop(ADUE, scores[REFERENCE])} | scores,
    )


def _table(scored: ScoredSet, resamples: int) -> SetResult:
    errors, note = scored.errors, None
    try:
        require_both(errors, scored.name)
    except DataError as error:
        note = str(error)
    rows: tuple[ScoreResult, ...] = ()
    if note is None:
        names = list(scored.scores)
        stacked = np.stack([scored.scores[name] for name in names])
        compared = compare_auroc(stacked, errors, reference=names.index(REFERENCE), resamples=resamples)
        rows = _rows(names, compared)
    yes = float(scored.labels.mean()) if len(scored.labels) else float("nan")
    return SetResult(
        name=scored.name,
        rows=len(errors),
        errors=int(errors.sum()),
        accuracy=float(1 - errors.mean()) if len(errors) else float("nan"),
        majority_accuracy=max(yes, 1 - yes),
        scores=rows,
        note=note,
    )


def _table_together(scored: list[ScoredSet], resamples: int) -> SetResult:
    """Return the scores that every label has, over all answers."""
    errors = np.stack([one.errors for one in scored], axis=1)
    labels = np.stack([one.labels for one in scored], axis=1)
    names = [name for name in scored[0].scores if all(name in one.scores for one in scored)]
    note = None
    try:
        require_both(errors.ravel(), TOGETHER)
    except DataError as error:
        note = str(error)
    rows: tuple[ScoreResult, ...] = ()
    if note is None:
        stacked = np.stack([np.stack([one.scores[name] for one in scored], axis=1) for name in names])
        compared = compare_clustered_auroc(stacked, errors, reference=names.index(REFERENCE), resamples=resamples)
        rows = _rows(names, compared)
    yes = labels.mean(axis=0)
    return SetResult(
        name=TOGETHER,
        rows=errors.size,
        errors=int(errors.sum()),
        accuracy=float(1 - errors.mean()),
        majority_accuracy=float(np.maximum(yes, 1 - yes).mean()),
        scores=rows,
        note=note,
    )


def _rows(names: list[str], compared: list[Comparison]) -> tuple[ScoreResult, ...]:
    return tuple(
        ScoreResult(name=name, auroc=row.auroc, difference=row.difference)
        for name, row in zip(names, compared, strict=True)
    )


def _warn_if_seen(config: MultiLabelConfig, splits: LabelledSplits) -> None:
    provenance = config.provenance
    if provenance is not None and provenance.training_data_sha256 == labels_fingerprint(splits["test"]):
        warnings.warn(
            "these are the very rows that the heads were trained on: their AUROC here says nothing about new texts",
            DataWarning,
            stacklevel=3,
        )
