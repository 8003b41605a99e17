"""One cell, method by method: fit, score every evaluation set, measure, append a row."""

import math
import time
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import torch
from numpy import ndarray
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from adue.foundation.errors import AdueError, DataError, DataWarning, MissingExtraError
from adue.metrics import METRICS, compare_auroc, evaluate_scores
from adue.research.benchmark.cells_csv import Row, RowId, Value
from adue.research.benchmark.prepared_cell import Cell, SetFacts
from adue.research.methods import Method, Scorer, select_methods
from adue.scores import REFERENCE

PAPER = "adue-paper"
REFERENCES = {REFERENCE: "sr", PAPER: "paper"}
"""Methods that all others are compared with, and what the columns of the difference are called."""

FAILURES = (AdueError, ArithmeticError, RuntimeError, ValueError)
"""What a method may raise on rows that it cannot handle, such as linear algebra that does not converge."""

_KEPT = (DataWarning, ConvergenceWarning)

Append = Callable[[Row], None]


@dataclass(frozen=True)
class Scored:
    """What one method says about one evaluation set.

    Attributes
    ----------
    errors
        Where the classifier was wrong.
    rows
        Which rows of the set were scored.
    seconds
        What the scoring took.
    probability
        The probability of an error, where the method has one and it was not read from an earlier run.
    """

    u: ndarray
    errors: ndarray
    rows: ndarray
    seconds: float
    probability: ndarray | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a method in one cell: scores by evaluation set, or the reason why there are none."""

    scored: dict[str, Scored]
    fit_seconds: float
    notes: tuple[str, ...]


def compare_cell(
    cell: Cell, methods: Sequence[str], done: Collection[RowId], append: Append, *, resamples: int
) -> list[str]:
    """Append the rows that are not `done` and return what could not be run, in words.

    Parameters
    ----------
    methods
        Their names; the softmax response first, and the paper's method before all that are compared with it.
    """
    asked = [method for method in select_methods(methods) if cell.allows(method)]
    pending_sets = {
        method.name: [one for one in cell.task.sets if row_id(cell, one, method) not in done] for method in asked
    }
    if not any(pending_sets.values()):
        return []
    # References are known by what an earlier run has kept, whether or not this one was asked for them.
    comparison = _Comparison(cell, resamples, {one.name: _recall(cell, one) for one in select_methods([*REFERENCES])})
    complaints = []
    for method in asked:
        pending = pending_sets[method.name]
        lost = method.name in REFERENCES and not comparison.known[method.name]
        if not pending and not lost:
            continue
        try:
            outcome = _run_method(cell, method)
        except MissingExtraError as error:
            complaints.append(f"{method.name} is left out: {error}")
            continue
        comparison.known[method.name] = outcome.scored
        for one in pending:
            append(comparison.row(one, method, outcome))
    return complaints


def row_id(cell: Cell, one: SetFacts, method: Method) -> RowId:
    """Return which row of the table a method has for one set."""
    return RowId(cell.task.model, cell.task.data_set, one.name, cell.seed, method.name)


@contextmanager
def collect_notes() -> Iterator[list[str]]:
    """Yield a list that afterwards holds what adue has warned of inside the block, and fits that did not converge."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        for category in _KEPT:
            warnings.simplefilter("always", category)
        yield notes
    notes += [str(warning.message).split("\n", 1)[0] for warning in caught if issubclass(warning.category, _KEPT)]


def _run_method(cell: Cell, method: Method) -> Outcome:
    scored: dict[str, Scored] = {}
    rows, fit_seconds = cell.fit_rows, math.nan
    started = time.perf_counter()
    with collect_notes() as notes:
        try:
            scorer = method.fit(rows)
            fit_seconds = time.perf_counter() - started
            for one in cell.task.sets:
                scored[one.name] = _score(cell, one, method, scorer)
            _keep(cell, method, scored)
        except MissingExtraError:
            raise
        except FAILURES as error:
            kind = "" if isinstance(error, AdueError) else f"{type(error).__name__}: "
            notes.append(f"failed: {kind}{error}")
    return Outcome(scored, fit_seconds, tuple(dict.fromkeys(notes)))


def _score(cell: Cell, one: SetFacts, method: Method, scorer: Scorer) -> Scored:
    rows = cell.rows_to_score(one.name, method.sampling)
    started = time.perf_counter()
    u = scorer(rows.given)
    seconds = time.perf_counter() - started
    if u.shape != rows.errors.shape or not bool(torch.isfinite(u).all()):
        raise DataError(
            f"{method.name} gave scores of shape {tuple(u.shape)} for {len(rows.errors)} rows of {one.name}, or some "
            "that are not finite"
        )
    scored = Scored(_array(u), rows.errors.numpy(), rows.rows.numpy(), seconds)
    if method.error_probability is not None:
        return replace(scored, probability=_array(method.error_probability(rows.given)))
    return replace(scored, probability=scored.u) if method.probability else scored


def _array(u: Tensor) -> ndarray:
    return u.double().cpu().numpy()


def _keep(cell: Cell, method: Method, scored: dict[str, Scored]) -> None:
    for name, one in scored.items():
        tensors = {"u": torch.from_numpy(one.u), "rows": torch.from_numpy(one.rows)}
        cell.scores.write(_kept_as(method, name), tensors, key=cell.key(name, method, 0))


def _recall(cell: Cell, method: Method) -> dict[str, Scored]:
    """Return the scores that were kept when the rows of this method were written; none where it had failed."""
    found = {}
    for one in cell.task.sets:
        kept = _kept_as(method, one.name)
        if cell.scores.key(kept) != cell.key(one.name, method, 0):
            return {}
        tensors = {name: tensor.numpy() for name, tensor in cell.scores.read(kept).items()}
        found[one.name] = Scored(tensors["u"], cell.rows_to_score(one.name).errors.numpy(), tensors["rows"], math.nan)
    return found


def _kept_as(method: Method, evaluation_set: str) -> str:
    return f"{method.name} {evaluation_set}"


@dataclass
class _Comparison:
    """The rows of one cell in the making; `known` are the scores of each method by evaluation set."""

    cell: Cell
    resamples: int
    known: dict[str, dict[str, Scored]] = field(default_factory=dict)

    def row(self, one: SetFacts, method: Method, outcome: Outcome) -> Row:
        scored = outcome.scored.get(one.name)
        values = self._without_scores(one) if scored is None else self._measure(one, method, scored)
        reason = values.pop("reason", None)
        for name, column in REFERENCES.items():
            values |= self._difference(column, scored, self.known.get(name, {}).get(one.name))
        return {
            **row_id(self.cell, one, method)._asdict(),
            **values,
            "shifted": one.shifted,
            "fit_seconds": round(outcome.fit_seconds, 3),
            "train_rows": self.cell.task.train_rows,
            "note": "; ".join([*outcome.notes, *([str(reason)] if reason else [])]),
            "key": self.cell.key(one.name, method, self.resamples),
        }

    def _measure(self, one: SetFacts, method: Method, scored: Scored) -> dict[str, Value]:
        values: dict[str, Value] = asdict(evaluate_scores(scored.u, scored.errors, probability=scored.probability))
        seconds = self.cell.forward_seconds(one, method, len(scored.u)) + scored.seconds
        return values | {"predict_seconds": round(seconds, 3)}

    def _without_scores(self, one: SetFacts) -> dict[str, Value]:
        errors = self.cell.rows_to_score(one.name).errors
        facts: dict[str, Value] = {
            "n": len(errors),
            "errors": int(errors.sum()),
            "accuracy": 1 - float(errors.double().mean()),
        }
        return facts | dict.fromkeys((*METRICS, "predict_seconds"), math.nan)

    def _difference(self, column: str, scored: Scored | None, reference: Scored | None) -> dict[str, Value]:
        """Return AUROC minus that of the reference on the same rows, with its paired 95 % interval."""
        names = (f"{column}_difference", f"{column}_low", f"{column}_high")
        if scored is None or reference is None or len(np.unique(scored.errors)) == 1:
            return dict.fromkeys(names, math.nan)
        theirs = reference.u[np.searchsorted(reference.rows, scored.rows)]
        found = compare_auroc(np.stack([theirs, scored.u]), scored.errors, resamples=self.resamples)[1].difference
        return dict(zip(names, (found.value, found.low, found.high), strict=True))
