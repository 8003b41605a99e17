import numpy as np
import pytest

from adue.models.tasks.entities import Aggregate, Span, bio_spans, span_uncertainty


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ([], []),
        (["O", "O"], []),
        (["B-x", "I-x", "O", "B-y"], [Span(0, 2, "x"), Span(3, 4, "y")]),
        (["B-x", "B-x"], [Span(0, 1, "x"), Span(1, 2, "x")]),
        (["B-x", "I-y", "I-y"], [Span(0, 1, "x"), Span(1, 3, "y")]),
        (["O", "I-x", "I-x"], [Span(1, 3, "x")]),
        (["I-x", "O", "I-x"], [Span(0, 1, "x"), Span(2, 3, "x")]),
        (["B-geo-loc", "I-geo-loc"], [Span(0, 2, "geo-loc")]),
        (["NOUN", "VERB"], []),
    ],
)
def test_entities_are_those_of_the_conll_scorer(tags: list[str], spans: list[Span]) -> None:
    assert bio_spans(tags) == spans


@pytest.mark.parametrize(("aggregate", "expected"), [("max", 0.5), ("mean", 0.35), ("product", 0.6)])
def test_an_entity_is_as_uncertain_as_its_words_and_no_others(aggregate: Aggregate, expected: float) -> None:
    u = np.array([1.0, 0.5, 0.2, 0.9])
    assert span_uncertainty(u, Span(1, 3, "x"), aggregate) == pytest.approx(expected)
