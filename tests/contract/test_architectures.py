"""The same promises for every architecture, through a real PEFT save and load."""

import math
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import PeftModel

from adue import AdueModel, softmax_response
from tests.support.adapters import fit_quickly, padded, random_texts, tiny_classifier
from tests.support.tiny import CONFIGS

TEXTS = [*random_texts(40, seed=7), ""]
PADDING_TOLERANCE = 1e-4
"""How much U may depend on padding, in float32."""

pytestmark = pytest.mark.parametrize("model_type", CONFIGS)
AdapterOf = Callable[[str], Path]


def test_logits_are_those_of_the_plain_peft_model_bit_for_bit(adapter_of: AdapterOf, model_type: str) -> None:
    folder = adapter_of(model_type)
    plain = PeftModel.from_pretrained(tiny_classifier(folder.parent / "base"), str(folder)).eval()
    model = AdueModel.from_pretrained(folder)
    batch = padded(model, TEXTS[:9])
    with torch.no_grad():
        expected = plain(**batch).logits
    assert torch.equal(model(**batch).logits, expected)


def test_the_head_starts_as_the_softmax_response(adapter_of: AdapterOf, model_type: str) -> None:
    model = AdueModel.from_pretrained(adapter_of(model_type))
    rows = model.extract(TEXTS)
    with torch.no_grad():
        start = model.classifier.head(rows.features)
    bound = math.log(3) / model.classifier.head.sharpness / (1 - 1 / 3)
    assert (start - softmax_response(rows.logits)).abs().max() <= bound + 1e-5
    assert start.std() > 0.01


def test_a_saved_head_gives_the_same_uncertainty_when_loaded(adapter_of: AdapterOf, model_type: str) -> None:
    model = fit_quickly(AdueModel.from_pretrained(adapter_of(model_type)))
    again = AdueModel.from_pretrained(adapter_of(model_type))
    before, after = model.predict(TEXTS), again.predict(TEXTS)
    np.testing.assert_array_equal(before.uncertainty, after.uncertainty)
    np.testing.assert_array_equal(before.probabilities, after.probabilities)
    assert ((after.uncertainty >= 0) & (after.uncertainty <= 1)).all()


def test_fitting_moves_the_uncertainty_and_not_the_answers(adapter_of: AdapterOf, model_type: str) -> None:
    model = AdueModel.from_pretrained(adapter_of(model_type))
    fitted = model.predict(TEXTS)
    rows = model.extract(TEXTS)
    np.testing.assert_array_equal(fitted.labels, rows.logits.argmax(dim=-1).numpy())
    np.testing.assert_array_equal(fitted.probabilities, rows.logits.softmax(dim=-1).numpy())
    with torch.no_grad():
        start = model.classifier.head(rows.features).numpy()
    assert not np.array_equal(fitted.uncertainty, start)


@pytest.fixture(scope="module")
def one_by_one(adapter_of: AdapterOf) -> Callable[[str], np.ndarray]:
    """Return U of texts that were never padded, by model_type."""

    @cache
    def uncertainty(model_type: str) -> np.ndarray:
        return AdueModel.from_pretrained(adapter_of(model_type)).predict(TEXTS, batch_size=1).uncertainty

    return uncertainty


@pytest.mark.parametrize("side", ["left", "right"])
def test_any_batch_size_and_padding_side_of_the_tokenizer_give_the_same_uncertainty(
    adapter_of: AdapterOf, one_by_one: Callable[[str], np.ndarray], model_type: str, side: str
) -> None:
    model = AdueModel.from_pretrained(adapter_of(model_type))
    model.classifier.tokenizer.padding_side = side
    for batch_size in (2, 7, 64):
        batched = model.predict(TEXTS, batch_size=batch_size).uncertainty
        np.testing.assert_allclose(batched, one_by_one(model_type), atol=PADDING_TOLERANCE)
