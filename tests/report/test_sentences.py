"""The report's sentences say what the numbers show, and no more."""

import dataclasses

import numpy as np
import pytest

from adue.foundation.config import AutoSettings, FitSettings, ScoreName
from adue.metrics import Interval
from adue.report import numbers, sentences
from adue.report.results import ScoreResult, SetResult
from adue.scores import ADUE, REFERENCE
from tests.report.factory import make_config, make_result, make_scored

NAN = float("nan")


def result_with(difference: Interval, **values: object) -> SetResult:
    scores = (
        ScoreResult(name=REFERENCE, auroc=Interval(0.8, 0.77, 0.83), difference=Interval(0.0, 0.0, 0.0)),
        ScoreResult(name=ADUE, auroc=Interval(0.831, 0.8, 0.86), difference=difference),
    )
    whole = {"name": "test", "rows": 2000, "errors": 296, "accuracy": 0.852, "majority_accuracy": 0.51}
    return SetResult(**(whole | {"scores": scores} | values))


def plain(sentence: str) -> str:
    return sentence.replace(numbers.SPACE, " ").replace(numbers.MINUS, "-")


def test_ranking_sentence_gives_both_scores_and_the_paired_difference() -> None:
    sentence = plain(sentences.ranking_sentence(result_with(Interval(0.031, 0.012, 0.05))))
    assert sentence == (
        "AdUE ranks an error above a correct answer in 83.1 % of pairs, softmax response in 80.0 % "
        "(difference +3.1 points, 95 % interval +1.2 to +5.0: AdUE is better)."
    )


@pytest.mark.parametrize(
    ("difference", "verdict", "conclusion"),
    [
        (Interval(0.03, 0.01, 0.05), "better", "AdUE is better"),
        (Interval(-0.03, -0.05, -0.01), "worse", "AdUE is worse"),
        (Interval(0.03, -0.01, 0.05), "unclear", "no difference that these rows can show"),
        (Interval(0.03, 0.0, 0.05), "unclear", "no difference that these rows can show"),
    ],
)
def test_the_verdict_follows_the_interval_and_not_the_estimate(
    difference: Interval, verdict: str, conclusion: str
) -> None:
    assert sentences.verdict(difference) == verdict
    assert conclusion in sentences.ranking_sentence(result_with(difference))
    assert conclusion in sentences.summary(result_with(difference))


def test_a_difference_without_an_interval_is_never_a_verdict() -> None:
    difference = Interval(0.2, NAN, NAN)
    sentence = sentences.ranking_sentence(result_with(difference))
    assert sentences.verdict(difference) == "unclear"
    assert "too few rows of one kind for an interval" in sentence
    assert "nan" not in sentence


def test_a_negative_difference_has_a_true_minus_sign() -> None:
    sentence = sentences.ranking_sentence(result_with(Interval(-0.03, -0.05, -0.01)))
    assert "difference \N{MINUS SIGN}3.0 points" in sentence


def test_accuracy_sentence_compares_with_the_most_frequent_label() -> None:
    sentence = plain(sentences.accuracy_sentence(result_with(Interval(0.0, 0.0, 0.0))))
    assert sentence == (
        "On 2,000 test rows the classifier is right in 85.2 %; "
        "always giving the most frequent label would be right in 51.0 %."
    )


def test_a_classifier_no_better_than_a_constant_is_called_out() -> None:
    sentence = sentences.accuracy_sentence(result_with(Interval(0.0, 0.0, 0.0), majority_accuracy=0.852))
    assert "no better than always giving the most frequent label" in sentence


def test_an_empty_set_has_no_accuracy() -> None:
    sentence = sentences.accuracy_sentence(result_with(Interval(0.0, 0.0, 0.0), rows=0, errors=0, accuracy=NAN))
    assert sentence == "This set has no rows."


def test_a_set_without_auroc_gives_its_note_instead() -> None:
    scored = make_scored(error_rate=0.0)
    found = sentences.set_sentences(make_result(scored, note="no prediction is wrong"), scored)
    assert found[1:] == ["no prediction is wrong"]


def test_review_sentence_measures_the_error_rate_of_the_rows_that_are_left() -> None:
    scored = make_scored(rows=10, error_rate=0.0)
    labels = 1 - scored.predictions
    labels[:8] = scored.predictions[:8]
    ranking = np.linspace(0.1, 0.9, 10)
    scored = dataclasses.replace(scored, labels=labels, scores={ADUE: ranking, REFERENCE: ranking[::-1]})
    sentence = sentences.review_sentence(scored)
    assert sentence is not None
    assert plain(sentence) == (
        "If a person looks at the most uncertain 20 % of rows, the error rate among the others is 0.0 % with AdUE "
        "and 25.0 % with softmax response, instead of 20.0 %."
    )


def test_review_sentence_is_left_out_where_ties_forbid_the_cut() -> None:
    scored = make_scored()
    tied = dataclasses.replace(scored, scores=scored.scores | {REFERENCE: np.zeros(len(scored.labels))})
    assert sentences.review_sentence(tied) is None


@pytest.mark.parametrize(
    ("score", "name"),
    [
        ("smoothmax", "SmoothMax, as in the paper"),
        ("log_smoothmax", "SmoothMax in log space"),
        ("entropy", "normalised entropy"),
    ],
)
def test_fitting_sentence_names_the_head_and_its_validation_auroc(score: ScoreName, name: str) -> None:
    sentence = sentences.fitting_sentence(make_config(settings=FitSettings(score=score)))
    assert f"({name}) was fitted on 8,000 training rows, of which the classifier gets 350 wrong" in sentence
    assert "its AUROC is 0.841 and that of softmax response 0.812" in sentence


@pytest.mark.parametrize("plain", [False, True])
def test_fitting_sentence_says_when_nothing_is_corrected(plain: bool) -> None:
    config = make_config(settings=AutoSettings())
    metrics = config.metrics.model_copy(update={"ranks_as_softmax_response": plain})
    sentence = sentences.fitting_sentence(config.model_copy(update={"metrics": metrics}))
    assert "its cross-validated AUROC there is 0.841 and that of softmax response 0.812." in sentence
    assert ("ranks as it does" in sentence) is plain
