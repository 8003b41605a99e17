"""What the paper leaves open: its head on an ensemble of adapters, with calibration, and with a distance.

The calibrations keep the order of rows, so each has the AUROC of ``adue-paper``; what they change is what 1 - u is
worth as a confidence.
"""

import warnings
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Bool, Float
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from adue.foundation.errors import DataError, MissingExtraError
from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead
from adue.metrics import require_both
from adue.research.methods.adue import head_scorer, paper_head
from adue.research.methods.method import FitRows, Method, Scorer, ScoreRows
from adue.scores.distances import GaussianStatistics, mahalanobis
from adue.scores.temperature import fit_temperature

Calibrator: TypeAlias = Callable[[np.ndarray], np.ndarray]
"""From U to the probability of an error, both of shape (rows,); keeps the order of rows."""

SHARE_OF_U = 1e-6
"""How much of U itself is mixed into a step function, so that rows on one step keep their order."""


def fit_isotonic(u: Float[np.ndarray, " rows"], errors: Bool[np.ndarray, " rows"]) -> Calibrator:
    """Return the isotonic regression of errors on U (Zadrozny and Elkan 2002), with the order kept on its steps.

    Isotonic regression ties all rows of a step, and at 0 and 1 it is certain; a millionth of U takes both away.

    >>> fit_isotonic(np.array([0.1, 0.2, 0.3]), np.array([False, True, False]))(np.array([0.2, 0.3])).round(3)
    array([0.5, 0.5])
    """
    steps = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(u, errors)

    def calibrate(values: np.ndarray) -> np.ndarray:
        mixed: np.ndarray = (1 - SHARE_OF_U) * steps.predict(values) + SHARE_OF_U * values
        return mixed

    return calibrate


def fit_beta(u: Float[np.ndarray, " rows"], errors: Bool[np.ndarray, " rows"]) -> Calibrator:
    """Return the beta calibration of U (Kull, Silva Filho and Flach 2017), by the package betacal.

    It turns the order around where U ranks these errors worse than chance.

    Raises
    ------
    MissingExtraError
        When betacal is not installed.
    """
    try:
        from betacal import BetaCalibration  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtraError(
            'beta calibration needs the package betacal; run pip install "adue[benchmark]"'
        ) from error
    # betacal silences all warnings of the process, for good.
    with warnings.catch_warnings():
        calibration = BetaCalibration("abm").fit(u, errors)
    calibrate: Calibrator = calibration.predict
    return calibrate


def fit_log_odds_temperature(u: Float[np.ndarray, " rows"], errors: Bool[np.ndarray, " rows"]) -> Calibrator:
    """Return temperature scaling of the log-odds of U, for the least log loss (Guo et al. 2017, arXiv 1706.04599).

    It has no offset: training on balanced batches centres U on one half, and there the centre stays.

    Examples
    --------
    Three of four rows are errors, where U says nine of ten:

    >>> calibrate = fit_log_odds_temperature(np.array([0.9] * 4), np.array([True, True, True, False]))
    >>> calibrate(np.array([0.1, 0.5, 0.9])).round(3)
    array([0.25, 0.5 , 0.75])
    """

    def two_classes(values: np.ndarray) -> Tensor:
        log_odds = torch.from_numpy(values).logit()
        return torch.stack([torch.zeros_like(log_odds), log_odds], dim=-1)

    temperature = fit_temperature(two_classes(u), torch.from_numpy(errors).long())

    def calibrate(values: np.ndarray) -> np.ndarray:
        return (two_classes(values) / temperature).softmax(dim=-1)[:, 1].numpy()

    return calibrate


def _fit_calibrated(rows: FitRows, fit_calibrator: Callable[[np.ndarray, np.ndarray], Calibrator]) -> Scorer:
    errors = rows.calibration.errors.numpy()
    require_both(errors, "calibration")
    uncertainty = head_scorer(paper_head(rows))
    calibrate = fit_calibrator(_values(uncertainty, rows.calibration), errors)

    def score(given: ScoreRows) -> Tensor:
        return torch.from_numpy(calibrate(_values(uncertainty, given.rows)))

    return score


def _values(scorer: Scorer, rows: FeatureSet) -> Float[np.ndarray, " rows"]:
    return scorer(ScoreRows(rows)).double().numpy()


def fit_ensemble(rows: FitRows) -> Scorer:
    """Return the mean U of one paper head per adapter, each trained on its own adapter's features and errors.

    Raises
    ------
    DataError
        When there are no other adapters, or one of them has no errors to learn from.
    """
    if not rows.members:
        raise DataError("adue-ensemble needs other adapters of the same task; train some with other seeds")
    heads = [paper_head(member) for member in (rows, *rows.members)]

    def score(given: ScoreRows) -> Tensor:
        if len(given.members) != len(heads) - 1:
            raise DataError(
                f"fitted with {len(heads) - 1} other adapters, the rows to score are seen by {len(given.members)}; "
                "extract them with the same adapters in the same order"
            )
        seen = (given.rows, *given.members)
        each = [head_scorer(head)(ScoreRows(part)) for head, part in zip(heads, seen, strict=True)]
        return torch.stack(each).double().mean(dim=0)

    return score


def fit_with_distance(rows: FitRows) -> Scorer:
    """Return a logistic regression of errors on the log-odds of U and the log of the Mahalanobis distance.

    Distances are to the training rows; the two weights are fitted on the selection rows. u is the log-odds.

    Raises
    ------
    DataError
        When the training or the selection rows are all right or all wrong.
    """
    head = paper_head(rows)
    if rows.train.labels is None:
        raise DataError("the distances need the training rows' labels; add a label column")
    with torch.no_grad():
        statistics = GaussianStatistics.fit(rows.classifier_head.hidden(rows.train.features), rows.train.labels)
    columns = partial(_u_and_distance, head=head, classifier_head=rows.classifier_head, statistics=statistics)
    regression = make_pipeline(StandardScaler(), LogisticRegression())
    regression.fit(columns(rows.selection), rows.selection.errors.numpy())

    def score(given: ScoreRows) -> Tensor:
        return torch.from_numpy(regression.decision_function(columns(given.rows)))

    return score


def _u_and_distance(
    rows: FeatureSet, head: AdueHead, classifier_head: AdueHead, statistics: GaussianStatistics
) -> Float[np.ndarray, "rows 2"]:
    with torch.no_grad():
        u, hidden = head(rows.features).double(), classifier_head.hidden(rows.features)
    return torch.column_stack([u.logit(), mahalanobis(hidden, statistics).log1p()]).numpy()


COMBINATION_METHODS = (
    Method("adue-ensemble", "adue", fit_ensemble, ensemble=True, probability=True),
    Method("adue-isotonic", "adue", partial(_fit_calibrated, fit_calibrator=fit_isotonic), probability=True),
    Method("adue-beta", "adue", partial(_fit_calibrated, fit_calibrator=fit_beta), probability=True),
    Method(
        "adue-temperature", "adue", partial(_fit_calibrated, fit_calibrator=fit_log_odds_temperature), probability=True
    ),
    Method("adue-distance", "adue", fit_with_distance),
)
"""AdUE with something else."""
