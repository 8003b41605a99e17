"""A threshold of its own is said to pay where it does on rows that did not choose it, and not where it is chance."""

import numpy as np

from adue.decisions.costs import Costs
from adue.decisions.rows import ScoredRows, row_costs
from adue.decisions.segments import compare_segments
from tests.decisions.cases import make_rows

COSTS = Costs(error=10, review=1)


def two_channels(rows: int, *, differ: bool) -> ScoredRows:
    """Return rows of two channels: where they differ, mail is always right and the phone is wrong every other time."""
    rng = np.random.default_rng(5)
    u, mail = rng.random(rows), rng.random(rows) < 0.5
    p = np.where(mail, 0.0, 0.5) if differ else u * 0.3
    return make_rows(u, rng.random(rows) < p, segments=np.where(mail, "mail", "phone").tolist())


def test_segments_that_differ_pay_and_the_saving_is_measured() -> None:
    rows = two_channels(2000, differ=True)
    mail, phone = compare_segments(rows, row_costs(rows, COSTS))
    assert (mail.name, phone.name) == ("mail", "phone")
    assert mail.rows + phone.rows == 2000
    assert mail.pays
    # All of the mail goes out for nothing, none of the phone does.
    assert mail.cost < 30
    assert mail.saving.value == mail.common_cost - mail.cost
    assert phone.cost < 1100
    assert phone.threshold is None or phone.threshold < 0.1
    assert mail.threshold is not None
    assert mail.threshold > 0.95


def test_segments_that_do_not_differ_do_not_pay() -> None:
    rows = two_channels(2000, differ=False)
    found = compare_segments(rows, row_costs(rows, COSTS))
    assert not any(one.pays for one in found)
    assert all(one.saving.low <= 0 for one in found)
    for one in found:
        assert (one.rows_needed is None) == (one.saving.value <= 0)
        assert one.rows_needed is None or one.rows_needed >= one.rows


def test_without_segments_there_is_nothing_to_compare() -> None:
    rows = make_rows([0.1], [False])
    assert compare_segments(rows, row_costs(rows, COSTS)) == ()


def test_a_few_rows_show_nothing_however_much_they_seem_to_save() -> None:
    u = np.append(np.arange(40) / 40, [0.9, 0.91, 0.92, 0.93])
    rows = make_rows(u, [False] * 20 + [True] * 20 + [False] * 4, segments=["many"] * 40 + ["few"] * 4)
    few, _ = compare_segments(rows, row_costs(rows, COSTS))
    assert (few.name, few.rows, few.pays) == ("few", 4, False)
