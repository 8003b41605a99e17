"""The sentences of the report, and the names by which it calls scores; from plain results, no HTML."""

import math
from typing import Literal

from adue.foundation.config import AdueConfig, ScoreName
from adue.metrics import Interval
from adue.report.chart_points import risk_at
from adue.report.numbers import SPACE, count, decimal, percent, signed
from adue.report.results import ScoredSet, SetResult
from adue.scores import ADUE, REFERENCE

Verdict = Literal["better", "worse", "unclear"]

REVIEWED = 0.2
"""Share of rows that a person looks at in the example of `review_sentence`."""

DISPLAY_NAMES = {ADUE: "AdUE", REFERENCE: "softmax response"}
HEAD_NAMES: dict[ScoreName, str] = {
    "auto": "softmax response, corrected on held-out rows",
    "smoothmax": "SmoothMax, as in the paper",
    "log_smoothmax": "SmoothMax in log space",
    "entropy": "normalised entropy",
}
CONCLUSIONS: dict[Verdict, str] = {
    "better": "AdUE is better",
    "worse": "AdUE is worse",
    "unclear": "no difference that these rows can show",
}


def display_name(score: str) -> str:
    """Return the name of a score as a reader sees it.

    >>> display_name("relative-mahalanobis")
    'relative mahalanobis'
    """
    return DISPLAY_NAMES.get(score, score.replace("-", " "))


def verdict(difference: Interval) -> Verdict:
    """Return what a paired difference shows; ``unclear`` when its interval holds zero or does not exist."""
    if difference.low > 0:
        return "better"
    return "worse" if difference.high < 0 else "unclear"


def accuracy_sentence(result: SetResult) -> str:
    """Return how often the classifier is right on one set, and how often a constant answer would be."""
    if result.rows == 0:
        return "This set has no rows."
    sentence = f"On {count(result.rows, 'test row')} the classifier is right in {percent(result.accuracy)}"
    if result.accuracy > result.majority_accuracy:
        return (
            f"{sentence}; always giving the most frequent label would be right in {percent(result.majority_accuracy)}."
        )
    return (
        f"{sentence}, which is no better than always giving the most frequent label "
        f"({percent(result.majority_accuracy)}); fix the classifier before you read on."
    )


def ranking_sentence(result: SetResult) -> str:
    """Return how AdUE compares with the softmax response on one set, or the set's note where no AUROC exists."""
    if not result.scores:
        return result.note or "No ranking can be measured on these rows."
    adue, reference = result.score(ADUE), result.score(REFERENCE)
    return (
        f"AdUE ranks an error above a correct answer in {percent(adue.auroc.value)} of pairs, "
        f"softmax response in {percent(reference.auroc.value)} ({_difference(adue.difference)})."
    )


def _difference(difference: Interval) -> str:
    points = f"difference {signed(100 * difference.value, 1)} points"
    if math.isnan(difference.low):
        return f"{points}; too few rows of one kind for an interval, so this shows nothing yet"
    interval = f"95{SPACE}% interval {signed(100 * difference.low, 1)} to {signed(100 * difference.high, 1)}"
    return f"{points}, {interval}: {CONCLUSIONS[verdict(difference)]}"


def fitting_sentence(config: AdueConfig) -> str:
    """Return what was fitted on what, and how it did on the validation rows."""
    metrics, score = config.metrics, HEAD_NAMES[config.settings.score]
    validation = f"{count(metrics.validation_rows, 'validation row')} with {count(metrics.validation_errors, 'error')}"
    auroc = decimal(metrics.validation_auroc)
    reference = f"that of softmax response {decimal(metrics.validation_auroc_softmax_response)}"
    if config.settings.score == "auto":
        sentence = (
            f"U ({score}) was fitted on {validation}; its cross-validated AUROC there is {auroc} and {reference}."
        )
        no_gain = " They show no gain, so U is the calibrated softmax response and ranks as it does."
        return sentence + no_gain if metrics.ranks_as_softmax_response else sentence
    return (
        f"The uncertainty head ({score}) was fitted on {count(metrics.train_rows, 'training row')}, of which the "
        f"classifier gets {metrics.train_errors:,} wrong, and chosen on {validation}, where its AUROC is {auroc} and "
        f"{reference}."
    )


def review_sentence(scored: ScoredSet) -> str | None:
    """Return the error rate that is left when a person looks at the most uncertain rows; None where ties forbid it."""
    errors = scored.errors
    adue = risk_at(scored.uncertainty, errors, 1 - REVIEWED)
    reference = risk_at(scored.reference, errors, 1 - REVIEWED)
    if adue is None or reference is None:
        return None
    return (
        f"If a person looks at the most uncertain {100 * REVIEWED:.0f}{SPACE}% of rows, "
        f"the error rate among the others is {percent(adue)} with AdUE and {percent(reference)} with softmax response, "
        f"instead of {percent(float(errors.mean()))}."
    )


def summary(result: SetResult) -> str:
    """Return one set in a few words, for a list of sets."""
    if not result.scores:
        return f"{count(result.errors, 'error')} in {count(result.rows, 'row')}, no AUROC"
    adue, reference = result.score(ADUE), result.score(REFERENCE)
    values = f"AUROC {decimal(adue.auroc.value)}, softmax response {decimal(reference.auroc.value)}"
    return f"{values}: {CONCLUSIONS[verdict(adue.difference)]}"


def set_sentences(result: SetResult, scored: ScoredSet) -> list[str]:
    """Return what one evaluation set says, in the order in which to read it."""
    sentences = [accuracy_sentence(result), ranking_sentence(result)]
    if result.scores and (review := review_sentence(scored)):
        sentences.append(review)
    return sentences
