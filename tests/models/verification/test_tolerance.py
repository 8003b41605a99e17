"""One table says how far answers may lie apart, and nothing beyond it goes unseen."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from adue.foundation.config import Answers, Setup
from adue.models.verification.tolerance import TOLERANCES, Difference, Tolerance, tolerance_between

ROWS = Answers(logits=((0.5, -2.0, 1.25), (3.0, -0.75, 0.0)), uncertainty=(0.5, 0.125))
LOGITS, U = torch.tensor(ROWS.logits), torch.tensor(ROWS.uncertainty)


def setup(dtype: str = "float32") -> Setup:
    return Setup(versions={}, dtype=dtype, merged=False, backend="torch", device="cpu")


def test_the_same_answers_do_not_differ() -> None:
    assert Difference.between(ROWS, LOGITS, U) == Difference(0.0, 0.0, changed=False)


@given(st.sampled_from(sorted(TOLERANCES)), st.integers(0, 7), st.floats(1.01, 50.0), st.sampled_from([-1.0, 1.0]))
def test_every_single_value_beyond_the_tolerance_is_seen(kind: str, place: int, times: float, sign: float) -> None:
    tolerance = TOLERANCES[kind]
    logits, u = LOGITS.clone(), U.clone()
    if place < logits.numel():
        logits.view(-1)[place] += sign * times * tolerance.logits * (1 + 3.0)
    else:
        u[place - logits.numel()] += sign * times * tolerance.uncertainty
    assert not Difference.between(ROWS, logits, u).within(tolerance)


@given(st.sampled_from(sorted(TOLERANCES)), st.integers(0, 7), st.floats(-0.99, 0.99))
def test_what_lies_within_the_tolerance_passes(kind: str, place: int, times: float) -> None:
    tolerance = TOLERANCES[kind]
    logits, u = LOGITS.clone(), U.clone()
    if place < logits.numel():
        logits.view(-1)[place] += times * tolerance.logits * (1 + 3.0)
    else:
        u[place - logits.numel()] += times * tolerance.uncertainty
    assert Difference.between(ROWS, logits, u).within(tolerance)


@given(st.integers(0, 7), st.sampled_from([float("nan"), float("inf")]))
def test_a_value_that_is_not_finite_is_no_rounding(place: int, value: float) -> None:
    logits, u = LOGITS.clone(), U.clone()
    if place < logits.numel():
        logits.view(-1)[place] = value
    else:
        u[place - logits.numel()] = value
    assert not Difference.between(ROWS, logits, u).within(TOLERANCES["int8"])


def test_another_predicted_class_is_noticed_whatever_the_distance() -> None:
    logits = torch.tensor([[0.5, -2.0, 0.45], [3.0, -0.75, 0.0]])
    assert Difference.between(ROWS, logits, U).changed
    assert Difference.between(ROWS, LOGITS[:1], U[:1]) == Difference(float("inf"), float("inf"), changed=True)


@pytest.mark.parametrize(
    ("then", "now", "decides"),
    [
        ("float32", "float32", "float32"),
        ("float32", "float64", "float32"),
        ("float32", "bfloat16", "bfloat16"),
        ("float16", "bfloat16", "bfloat16"),
        ("float16", "float32", "float16"),
        ("float32", "int8", "int8"),
        ("float32", "float8_e4m3fn", "bfloat16"),
    ],
)
def test_the_coarser_type_decides(then: str, now: str, decides: str) -> None:
    assert tolerance_between(setup(then), setup(now)) == TOLERANCES[decides]
    assert tolerance_between(setup(now), setup(then)) == TOLERANCES[decides]


def test_a_coarser_type_never_allows_less() -> None:
    ordered = [TOLERANCES[kind] for kind in ("float64", "float32", "float16", "bfloat16", "int8")]
    for finer, coarser in pairwise(ordered):
        assert finer.logits <= coarser.logits
        assert finer.uncertainty <= coarser.uncertainty
    assert isinstance(ordered[0], Tolerance)
