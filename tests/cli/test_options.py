import inspect

import pytest

from adue.cli import options
from adue.foundation.errors import DataError
from adue.models.features.batches import BATCH_SIZE
from adue.workflows.options import ModelOptions


def test_texts_per_forward_pass_are_the_librarys_default() -> None:
    # Written out in the command line, which would have to import torch to read it.
    default = inspect.signature(options.model_options).parameters["batch_size"].default
    assert default == BATCH_SIZE == ModelOptions().batch_size


def test_two_classes_of_one_name_are_refused() -> None:
    with pytest.raises(DataError, match=r"^--labels neg, neg names a class twice"):
        options.model_options(labels="neg, neg")


def test_a_name_with_a_comma_stands_in_quotes() -> None:
    assert options.model_options(labels='neg, "pos, strongly",other').labels == ("neg", "pos, strongly", "other")
    assert options.split_names(" a ,b,, ") == ("a", "b")
    assert options.split_names("") == ()


@pytest.mark.parametrize("labels", ['"neg,pos', '"neg"x,pos'])
def test_a_quote_that_is_not_closed_is_refused(labels: str) -> None:
    with pytest.raises(DataError, match=r'is no list of names \(.*\); write them as neg,pos or "a, b",c$'):
        options.model_options(labels=labels)
