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
