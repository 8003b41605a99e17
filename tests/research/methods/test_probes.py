from dataclasses import replace

import numpy as np
import pytest
import torch

from adue.foundation.errors import DataError
from adue.heads.head import AdueHead
from adue.research.methods.method import Method
from adue.research.methods.probes import PROBE_METHODS
from tests.research.methods.learnable import auroc_of, fit_rows, u_of, without_errors

EACH = pytest.mark.parametrize("method", PROBE_METHODS, ids=lambda method: method.name)


@EACH
def test_a_probe_ranks_errors_that_features_give_away(method: Method) -> None:
    assert auroc_of(method, fit_rows()) > 0.9


@EACH
@pytest.mark.parametrize("classes", [2, 150])
def test_a_probe_works_for_few_and_for_many_classes(method: Method, classes: int) -> None:
    assert auroc_of(method, fit_rows(classes=classes)) > 0.9


@EACH
def test_only_the_seed_the_features_and_the_errors_matter(method: Method) -> None:
    rows = fit_rows()
    # Another head, sharper logits, nothing to calibrate on: a probe looks at none of them.
    other = replace(
        rows,
        classifier_head=AdueHead(rows.classifier_head.shape),
        train=replace(rows.train, logits=3 * rows.train.logits),
        calibration=rows.calibration.select(torch.tensor([], dtype=torch.int64)),
    )
    np.testing.assert_array_equal(u_of(method, rows), u_of(method, other))


@EACH
def test_rare_errors_are_learnt_too(method: Method) -> None:
    rows = fit_rows(wrong=0.03)
    assert int(rows.train.errors.sum()) < 15
    assert auroc_of(method, rows) > 0.75


@EACH
@pytest.mark.parametrize("part", ["train", "selection"])
def test_rows_without_errors_are_refused(method: Method, part: str) -> None:
    with pytest.raises(DataError, match=f"undefined on the {part}.*no prediction is wrong in .*; give more rows"):
        method.fit(without_errors(part))


def test_rows_of_another_classifier_are_refused() -> None:
    rows = replace(fit_rows(), selection=fit_rows(classes=4).selection)
    with pytest.raises(DataError, match="96 features and 3 classes, selection rows 96 and 4; extract both"):
        PROBE_METHODS[0].fit(rows)
