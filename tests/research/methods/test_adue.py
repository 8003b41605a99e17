import gc
from dataclasses import replace

import numpy as np
import pytest

from adue.foundation.config import AutoSettings, FitSettings, ScoreName
from adue.foundation.errors import DataError
from adue.heads.fit import fit_features
from adue.heads.head import AdueHead
from adue.metrics import auroc
from adue.research.methods import adue
from adue.research.methods.adue import ADUE_METHODS, paper_head
from adue.research.methods.method import FitRows, Method
from adue.scores.outputs import softmax_response
from tests.research.methods.learnable import auroc_of, fit_rows, new_rows, u_of, without_errors

EACH = pytest.mark.parametrize("method", ADUE_METHODS, ids=lambda method: method.name)
SCORES: dict[str, ScoreName] = {
    "adue-paper": "smoothmax",
    "adue-entropy": "entropy",
    "adue-log-smoothmax": "log_smoothmax",
}


def softmax_response_auroc(rows: FitRows) -> float:
    new = new_rows(rows)
    return float(auroc(softmax_response(new.logits).numpy(), new.errors.numpy()))


@EACH
@pytest.mark.parametrize("classes", [3, pytest.param(150, marks=pytest.mark.slow)])
def test_a_head_ranks_errors_that_it_can_learn(method: Method, classes: int) -> None:
    rows = fit_rows(classes=classes)
    assert auroc_of(method, rows) > max(0.5, softmax_response_auroc(rows)) + 0.05


@EACH
def test_a_method_is_the_fit_of_the_library_with_the_preset_of_the_paper(method: Method) -> None:
    rows = fit_rows(seed=3)
    train, new = rows.train, new_rows(rows)
    assert train.labels is not None
    fitted = fit_features(
        train.features,
        train.logits,
        train.labels,
        validation=rows.selection,
        classifier_head=rows.classifier_head,
        settings=AutoSettings(seed=3) if method.name == "adue-auto" else FitSettings(score=SCORES[method.name], seed=3),
    )
    np.testing.assert_array_equal(u_of(method, rows, new), fitted.uncertainty(new.features, new.logits).numpy())


def test_auto_can_do_without_training_errors() -> None:
    rows = without_errors("train")
    u = u_of(ADUE_METHODS[0], rows, new_rows(rows))
    assert np.isfinite(u).all()


@pytest.mark.parametrize(
    ("method", "part"),
    [
        pytest.param(method, part, id=f"{part}-{method.name}")
        for method in ADUE_METHODS
        for part in ("train", "selection")
        if (method.name, part) != ("adue-auto", "train")
    ],
)
def test_rows_without_errors_are_refused(method: Method, part: str) -> None:
    with pytest.raises(DataError, match=r"no prediction is wrong in \d+ rows; give more rows"):
        method.fit(without_errors(part))


def test_the_paper_head_is_fitted_once_for_the_same_rows_and_forgotten_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fits: list[FitRows] = []

    def counted(rows: FitRows, start: AdueHead, points: object) -> AdueHead:
        fits.append(replace(rows))
        return start

    monkeypatch.setattr(adue, "choose_head", counted)
    rows, others = fit_rows(), fit_rows(adapter=1)
    assert paper_head(rows) is paper_head(rows)
    assert paper_head(others) is not paper_head(rows)
    assert [fit.classifier_head for fit in fits] == [rows.classifier_head, others.classifier_head]
    remembered = len(adue._paper_heads)
    del rows
    gc.collect()
    assert len(adue._paper_heads) == remembered - 1
