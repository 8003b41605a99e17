import re

import pytest

from adue.datasets.labels.renames import Renames
from adue.foundation.errors import DataError, DataWarning

BINARY = {"negative": 0, "positive": 1}


def test_a_map_that_matches_no_label_is_refused_with_the_labels_there_are() -> None:
    message = "--label-map renames 'poz', but the data hold none of these (they hold: 'pos', 'neg'); write the labels"
    with pytest.raises(DataError, match=re.escape(message)):
        Renames({"poz": "positive"}).require_match(["pos", "neg"])


def test_an_entry_that_matches_no_label_is_warned_of_with_the_closest() -> None:
    with pytest.warns(DataWarning, match=r"--label-map poz=positive matches no row; the closest label is 'pos'"):
        Renames({"poz": "positive", "neg": "negative"}).require_match(["pos", "neg"])


@pytest.mark.parametrize("text", ["0", "0.0", " 0 ", "+0"])
def test_an_entry_matches_every_spelling(text: str) -> None:
    renames = Renames({"0.": "negative"})
    renames.require_match([text])
    assert renames.target(text) == "negative"


def test_an_entry_in_the_case_of_the_label_comes_before_another() -> None:
    renames = Renames({"us": "country", "US": "pronoun", "x": "y"})
    assert [renames.target(text) for text in ("US", "us", "Us")] == ["pronoun", "country", None]
    assert renames.restrict_to(["US"]).targets == {"US": "pronoun"}


def test_two_entries_for_one_label_are_refused() -> None:
    with pytest.raises(DataError, match="--label-map sends '0' to 'negative' and to 'positive'; keep one"):
        Renames({"0": "negative", "0.0": "positive"})


def test_two_labels_may_become_one_class() -> None:
    assert Renames({"pos": "positive", "very pos": "Positive"}).classes(BINARY) == {"positive": 1, "Positive": 1}


def test_an_unknown_class_is_refused_though_its_entry_matches_nothing() -> None:
    with pytest.raises(DataError, match="--label-map sends 'pos' to 'positiv', which the model does not know"):
        Renames({"pos": "positiv"}).classes(BINARY)
