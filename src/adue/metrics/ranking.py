"""How well u ranks wrong predictions above right ones: AUROC, AUPR-error, FPR at 95 % TPR; errors are the positives."""

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from adue.foundation.errors import DataError

TRUE_POSITIVE_RATE = 0.95


def require_both(errors: Bool[ndarray, " rows"], where: str) -> None:
    """Refuse rows on which no AUROC exists.

    Raises
    ------
    DataError
        When all predictions are right or all are wrong; the message says what to do.

    Examples
    --------
    >>> require_both(np.array([True, False]), "test")
    """
    wrong = int(errors.sum())
    if 0 < wrong < len(errors):
        return
    if len(errors) == 0:
        raise DataError(f"the {where} data has no rows; give at least a few hundred labelled rows")
    state = "no prediction is wrong" if wrong == 0 else "every prediction is wrong"
    cure = (
        "give more rows, or rows the adapter was not trained on"
        if wrong == 0
        else "check that the labels' names and order match the model's id2label"
    )
    raise DataError(f"AUROC is undefined on the {where} data: {state} in {len(errors)} rows; {cure}")


def auroc(u: Float[ndarray, "*heads rows"], errors: Bool[ndarray, " rows"]) -> Float[ndarray, "*heads"]:
    """Return the chance that an error gets a higher u than a right prediction, ties counting half.

    Equals ``sklearn.metrics.roc_auc_score(errors, u)`` for every score of a stack at once (Mann-Whitney U: the errors
    look up their places among the sorted right rows). NaN where `errors` is all true or all false, or a u is NaN.

    >>> float(auroc(np.array([0.1, 0.9, 0.4]), np.array([False, True, False])))
    1.0
    """
    stack = u.reshape(-1, u.shape[-1])
    # Sorted errors look up their places several times faster than others.
    wrong, right = (np.sort(stack[:, kind], axis=-1) for kind in (errors, ~errors))
    pairs = [
        np.searchsorted(ordered, given, "left").sum() + np.searchsorted(ordered, given, "right").sum()
        for given, ordered in zip(wrong, right, strict=True)
    ]
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.asarray(pairs) / np.float64(2 * wrong.shape[-1] * right.shape[-1])
    return np.where(np.isnan(stack).any(axis=-1), np.nan, values).reshape(u.shape[:-1])


def aupr_error(u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"]) -> float:
    """Return the average precision of finding errors by high u, in (0, 1]; a random u gets the error rate.

    NaN where no prediction is wrong.

    >>> round(aupr_error(np.array([0.1, 0.4, 0.3, 0.9]), np.array([False, False, True, True])), 3)
    0.833
    """
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(errors, u)) if errors.any() else np.nan


def fpr95(u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"]) -> float:
    """Return the share of right predictions flagged by the highest threshold on u that flags 95 % of the errors.

    In [0, 1], lower is better; rows with equal u are flagged together. NaN unless there are both errors and right
    predictions. Some papers take right predictions as the positives: their figures are not comparable.

    >>> fpr95(np.array([0.1, 0.4, 0.3, 0.9]), np.array([False, False, True, True]))
    0.5
    """
    from sklearn.metrics import roc_curve

    if errors.all() or not errors.any():
        return np.nan
    false_positives, true_positives, _ = roc_curve(errors, u, drop_intermediate=False)
    return float(false_positives[true_positives >= TRUE_POSITIVE_RATE].min())
