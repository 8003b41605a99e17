"""Tables: best score first, the reference not compared with itself, intervals to scale."""

from adue.metrics import Interval
from adue.report.results import ScoreResult, SetResult
from adue.report.tables import human_rows, score_rows
from adue.scores import ADUE, REFERENCE
from tests.report.factory import make_result, make_scored

NAN = float("nan")


def test_the_best_auroc_comes_first() -> None:
    rows = score_rows(make_result(make_scored(rows=2000)))
    assert rows[0].name == "AdUE"
    assert [row.auroc for row in rows] == sorted((row.auroc for row in rows), reverse=True)


def test_the_softmax_response_is_not_compared_with_itself() -> None:
    rows = {row.name: row for row in score_rows(make_result(make_scored()))}
    assert rows["softmax response"].difference is None
    assert all(row.difference for name, row in rows.items() if name != "softmax response")


def test_intervals_are_drawn_to_one_scale() -> None:
    result = make_result(make_scored()).model_copy(
        update={
            "scores": (
                ScoreResult(name=REFERENCE, auroc=Interval(0.7, 0.6, 0.75), difference=Interval(0.0, 0.0, 0.0)),
                ScoreResult(name=ADUE, auroc=Interval(0.8, 0.7, 0.85), difference=Interval(0.1, 0.05, 0.15)),
            )
        }
    )
    spans = [[round(at) for at in row.span or ()] for row in score_rows(result)]
    assert spans == [[40, 80, 100], [0, 40, 60]]


def test_a_score_without_an_interval_says_so_and_draws_none() -> None:
    none = Interval(0.75, NAN, NAN)
    result = SetResult(
        name="test",
        rows=10,
        errors=1,
        accuracy=0.9,
        majority_accuracy=0.5,
        scores=(ScoreResult(name=ADUE, auroc=none, difference=none),),
    )
    (row,) = score_rows(result)
    assert (row.span, row.auroc_interval, row.difference_interval, row.verdict) == (None, "none", "none", "unclear")


def test_correlations_with_raters_are_sorted_and_missing_ones_come_last() -> None:
    result = make_result(make_scored(), human_correlation={"margin": NAN, REFERENCE: -0.1, ADUE: 0.3})
    shown = [(row.name, row.correlation) for row in human_rows(result)]
    assert shown == [("AdUE", "0.300"), ("softmax response", "\N{MINUS SIGN}0.100"), ("margin", "n/a")]


def test_a_set_without_raters_has_no_correlations() -> None:
    assert human_rows(make_result(make_scored())) == []
