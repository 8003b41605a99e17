"""Between the ends of a range no other option costs less, and beyond them one does."""

import numpy as np
import pytest

from adue.decisions.costs import Costs, Reviewers
from adue.decisions.least_cost import Chosen, Levels, choose
from adue.decisions.outcomes import OptionName
from adue.decisions.ranges import break_even, cost_ranges
from adue.decisions.rows import ScoredRows, row_costs
from tests.decisions.cases import WORLDS, make_rows

PEOPLE = Reviewers(per_day=9, error_rate=0.03)
COSTS = Costs(error=12, miss={"refund": 30}, review=1.5, needless_review=0.5, reviewers=PEOPLE)


def some_rows(rows: int = 800) -> ScoredRows:
    rng = np.random.default_rng(3)
    return make_rows(*WORLDS[0].draw(rng, rows), predictions=rng.integers(0, 3, rows))


def options_of(rows: ScoredRows, costs: Costs) -> dict[OptionName, Chosen]:
    levels = Levels.of(rows)
    return {
        "accept-all": Chosen(float(levels.values[-1])),
        "review-all": Chosen(None),
        "least-cost": choose(levels, row_costs(rows, costs)),
        "errors-let-through": Chosen(float(np.quantile(rows.u, 0.4))),
    }


def cheapest_at(rows: ScoredRows, costs: Costs, options: dict[OptionName, Chosen]) -> OptionName:
    each = row_costs(rows, costs)
    return min(options, key=lambda name: options[name].costs(rows, each).mean())


def scaled(costs: Costs, name: str, factor: float) -> Costs:
    changes: dict[str, object] = {name: factor * getattr(costs, name)}
    if name == "error":
        changes["miss"] = {one: factor * cost for one, cost in costs.miss.items()}
    return costs.model_copy(update=changes)


def test_just_inside_a_range_the_option_wins_and_just_outside_the_other_one() -> None:
    rows = some_rows()
    options = options_of(rows, COSTS)
    ranges = cost_ranges(rows, COSTS, options, "least-cost")
    assert [one.cost for one in ranges] == ["error", "review", "needless_review"]
    ends = 0
    for one in ranges:
        for end, other, inside in ((one.low, one.below, 1.001), (one.high, one.above, 0.999)):
            if end is None:
                continue
            ends += 1
            assert cheapest_at(rows, scaled(COSTS, one.cost, end * inside), options) == "least-cost"
            assert cheapest_at(rows, scaled(COSTS, one.cost, end / inside), options) == other
    assert ends >= 4


def test_where_no_end_is_given_no_other_option_ever_costs_less() -> None:
    rows = some_rows()
    options = options_of(rows, COSTS)
    for one in cost_ranges(rows, COSTS, options, "least-cost"):
        for end, factor in ((one.low, 0.0), (one.high, 1e6)):
            if end is None:
                assert cheapest_at(rows, scaled(COSTS, one.cost, factor), options) == "least-cost"


def test_a_cost_of_nothing_has_no_range() -> None:
    rows = some_rows()
    costs = Costs(error=12, review=1.5)
    ranges = cost_ranges(rows, costs, options_of(rows, costs), "least-cost")
    assert [one.cost for one in ranges] == ["error", "review"]


def test_a_review_pays_from_its_share_of_an_error_and_the_reviewers_own_errors_on() -> None:
    rows = some_rows()
    assert break_even(rows, Costs(error=10, review=1)) == pytest.approx(0.1)
    careless = Costs(error=10, review=1, reviewers=Reviewers(per_day=1, error_rate=0.03))
    assert break_even(rows, careless) == pytest.approx(0.13)
    assert break_even(rows, Costs(error=10, review=1, needless_review=2)) == pytest.approx(3 / 12)
    assert break_even(rows, Costs(error=0, review=1)) is None
    assert break_even(rows, Costs(error=1, review=2)) == 2


def test_a_matrix_and_one_amount_of_the_same_costs_have_the_same_ranges() -> None:
    rows = some_rows()
    plain = Costs(error=10, review=1)
    matrix = Costs(error=((0.0, 10.0, 10.0), (10.0, 0.0, 10.0), (10.0, 10.0, 0.0)), review=1)
    by_class = Costs(error={"complaint": 10, "other": 10, "refund": 10}, review=1)
    expected = cost_ranges(rows, plain, options_of(rows, plain), "least-cost")
    for costs in (matrix, by_class):
        assert cost_ranges(rows, costs, options_of(rows, costs), "least-cost") == expected
