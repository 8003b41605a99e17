"""A plan measures every option on the same rows and the same draws, and its figures are those of a plain loop."""

import numpy as np
import pytest

from adue.decisions.certify import certify, certify_classes, quantile_grid
from adue.decisions.costs import Costs, Escalation, Reviewers
from adue.decisions.draws import draw_counts
from adue.decisions.least_cost import Chosen
from adue.decisions.outcomes import OptionName, Plan
from adue.decisions.plan import make_plan
from adue.decisions.promise import Certified, Promise, PromiseKind, Refusal
from adue.decisions.rows import ScoredRows, row_costs
from adue.foundation.errors import DataError
from tests.decisions.cases import WORLDS, make_rows

COSTS = Costs(error=10, review=1, texts_per_month=5000, reviewers=Reviewers(per_day=200, error_rate=0.02))
KINDS: tuple[PromiseKind, ...] = ("errors-let-through", "accepted-error", "review-share")


def some_rows(rows: int = 400, **more: object) -> ScoredRows:
    rng = np.random.default_rng(7)
    u, wrong = WORLDS[1].draw(rng, rows)
    return make_rows(u.round(2), wrong, predictions=rng.integers(0, 3, rows), **more)


def promised(rows: ScoredRows, limit: float = 0.1) -> list[Certified | Refusal]:
    grid = quantile_grid(WORLDS[1].draw(np.random.default_rng(8), 200)[0])
    return [certify(Promise(kind=kind, limit=limit), rows, grid) for kind in KINDS]


def plan_of(rows: ScoredRows, costs: Costs = COSTS, limit: float = 0.1) -> Plan:
    return make_plan(rows, costs, certified=promised(rows, limit), resamples=200)


def test_the_options_stand_in_their_order() -> None:
    names = [one.option for one in plan_of(some_rows()).outcomes]
    assert names == ["accept-all", "review-all", "least-cost", *KINDS]


def test_every_figure_is_that_of_a_plain_loop_over_the_draws() -> None:
    rows = some_rows(150, held=[index % 10 == 0 for index in range(150)])
    plan, each = make_plan(rows, COSTS, certified=promised(rows), resamples=100), row_costs(rows, COSTS)
    counts = np.concatenate(list(draw_counts(150, 100, 0))).astype(int)
    for one in plan.outcomes:
        accepted = rows.accepted(one.threshold)
        costs, coverage, error = [], [], []
        for draw in counts:
            drawn = np.repeat(np.arange(150), draw)
            out = accepted[drawn]
            costs.append(1000 * np.where(out, each.accept[drawn], each.review[drawn]).mean())
            coverage.append(out.mean())
            if out.any():
                error.append((out & rows.wrong[drawn]).sum() / out.sum())
        assert (one.accepted, one.wrong) == (accepted.sum(), (accepted & rows.wrong).sum())
        assert one.cost.value == pytest.approx(1000 * np.where(accepted, each.accept, each.review).mean())
        ends = [(one.cost.low, one.cost.high), (one.coverage.low, one.coverage.high)]
        for drawn_values, found in zip((costs, coverage), ends, strict=True):
            assert found == pytest.approx(tuple(np.quantile(drawn_values, [0.025, 0.975])))
        if one.accepted_error is not None:
            expected = tuple(np.quantile(error, [0.025, 0.975]))
            assert (one.accepted_error.low, one.accepted_error.high) == pytest.approx(expected)


def test_the_interval_of_the_threshold_is_that_of_choosing_again_on_each_draw() -> None:
    rows = some_rows(150)
    each = row_costs(rows, COSTS)
    values = np.unique(rows.u)
    again = []
    for draw in np.concatenate(list(draw_counts(150, 100, 0))):
        totals = [(draw * Chosen(one).costs(rows, each)).sum() for one in (None, *values)]
        again.append(int(np.argmin(np.round(totals, 9))))
    low, high = (int(one) for one in np.quantile(again, [0.025, 0.975], method="inverted_cdf"))
    found = make_plan(rows, COSTS, resamples=100).outcome("least-cost").threshold_interval
    assert found == (values[low - 1], values[high - 1])


def test_a_refused_promise_answers_nothing_and_is_never_the_cheapest() -> None:
    rows = some_rows(40)
    plan = plan_of(rows, Costs(error=1000, review=0.001), limit=0.01)
    refused = plan.outcome("accepted-error")
    assert refused.refusal is not None
    assert (refused.threshold, refused.accepted) == (None, 0)
    assert plan.cheapest == "least-cost"
    assert refused.cost.value == plan.outcome("review-all").cost.value


def test_a_month_is_as_many_texts_as_the_costs_say() -> None:
    one = plan_of(some_rows()).outcome("least-cost")
    assert one.cost_per_month is not None
    assert one.cost_per_month.value == pytest.approx(5 * one.cost.value)
    assert plan_of(some_rows(), Costs(error=1, review=1)).outcome("least-cost").cost_per_month is None


def test_the_queue_is_that_of_the_texts_for_people() -> None:
    plan = plan_of(some_rows())
    assert plan.queue["accept-all"].per_day == 0
    assert plan.queue["review-all"].per_day == pytest.approx(5000 / (365.25 / 12) * 7 / 5)
    assert plan_of(some_rows(), Costs(error=1, review=1)).queue == {}


def test_a_promise_per_class_accepts_each_class_by_its_own_threshold() -> None:
    rows = some_rows(3000)
    each = certify_classes(Promise(kind="errors-let-through", limit=0.1, per_class=True), rows)
    one = make_plan(rows, COSTS, certified=[each], resamples=100).outcome("errors-let-through")
    assert (one.threshold, one.by_class) == (None, each)
    assert one.accepted == sum(part.accepted for part in each if isinstance(part, Certified)) > 0
    assert one.wrong == sum(part.wrong for part in each if isinstance(part, Certified))


def test_classes_are_those_of_the_cheapest_option() -> None:
    rows = some_rows()
    plan = plan_of(rows)
    best = plan.outcome(plan.cheapest)
    assert sum(one.accepted for one in plan.classes) == best.accepted
    assert sum(one.rows for one in plan.classes) == len(rows)


def test_an_escalation_that_pays_is_said_with_what_it_saves() -> None:
    rows = some_rows(600)
    sure = make_rows(rows.u, rows.wrong, predictions=rows.predictions, escalated=rows.labels)
    cheap = COSTS.model_copy(update={"escalation": Escalation(column="large", cost=0.1)})
    plan = make_plan(sure, cheap, resamples=100)
    best = plan.outcome("least-cost")
    assert best.escalated > 0
    assert best.accepted + best.escalated + best.reviewed == 600
    assert plan.escalation_note is not None
    assert plan.escalation_note.startswith(f"escalating {best.escalated / 600:.1%} of the texts saves ")
    assert "it is wrong in 0.0% of these rows and costs 0.1 a call" in plan.escalation_note


def test_an_escalation_that_does_not_pay_is_said() -> None:
    rows = some_rows(600)
    always_wrong = make_rows(rows.u, rows.wrong, predictions=rows.predictions, escalated=(rows.labels + 1) % 3)
    plan = make_plan(
        always_wrong, COSTS.model_copy(update={"escalation": Escalation(column="large", cost=0.5)}), resamples=100
    )
    assert plan.outcome("least-cost").escalated == 0
    assert plan.escalation_note is not None
    assert plan.escalation_note.startswith("no escalation pays (it is wrong in 100.0% of these rows")


@pytest.mark.parametrize(
    ("wrong", "costs", "cheapest", "accepted"),
    [
        ([False] * 50, Costs(error=10, review=1), "accept-all", 50),
        ([True] * 50, Costs(error=10, review=1), "review-all", 0),
        ([False] * 50, Costs(error=0, review=0), "accept-all", 50),
    ],
)
def test_everybody_and_nobody_accepted(wrong: list[bool], costs: Costs, cheapest: OptionName, accepted: int) -> None:
    plan = make_plan(make_rows(np.arange(50) / 50, wrong), costs, resamples=100)
    assert (plan.cheapest, plan.outcome(plan.cheapest).accepted) == (cheapest, accepted)
    assert plan.outcome("review-all").accepted_error is None


def test_rows_that_are_all_held_go_to_people() -> None:
    plan = make_plan(make_rows([0.1] * 5, [False] * 5, held=[True] * 5), COSTS, resamples=100)
    assert {one.accepted for one in plan.outcomes} == {0}
    assert plan.held == 5


def test_without_rows_there_is_no_plan() -> None:
    with pytest.raises(DataError, match="no labelled rows to plan on"):
        make_plan(make_rows([], []), COSTS)
