"""Every kind of adapter, precision and way of saving keeps the promises; on one encoder and one decoder."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import IA3Config, PeftConfig, PeftModel

from adue import AdueModel, softmax_response
from adue.models.features.classifier import HEAD_TOLERANCE
from tests.support.adapters import (
    fit_quickly,
    lora,
    padded,
    random_texts,
    save_tiny_adapter,
    save_tiny_whole,
    tiny_classifier,
)

TEXTS = random_texts(40, seed=7)

KINDS: dict[str, Callable[[str], PeftConfig]] = {
    "dora": lambda model_type: lora(model_type, use_dora=True),
    "rslora": lambda model_type: lora(model_type, use_rslora=True, lora_alpha=4),
    "ia3": lambda model_type: IA3Config(
        task_type="SEQ_CLS",
        target_modules=["query", "value"] if model_type == "bert" else ["q_proj", "v_proj"],
        feedforward_modules=[],
        modules_to_save=["classifier" if model_type == "bert" else "score"],
    ),
}


@pytest.fixture(scope="module", params=["bert", "llama"])
def model_type(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory, model_type: str) -> Path:
    folder = save_tiny_adapter(tmp_path_factory.mktemp(model_type), model_type)
    fit_quickly(AdueModel.from_pretrained(folder)).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_adapter_is_fitted_saved_and_loaded(tmp_path: Path, model_type: str, kind: str) -> None:
    folder = save_tiny_adapter(tmp_path, model_type, KINDS[kind](model_type))
    model = fit_quickly(AdueModel.from_pretrained(folder))
    model.save_pretrained(folder)
    again = AdueModel.from_pretrained(folder)
    np.testing.assert_array_equal(again.predict(TEXTS).uncertainty, model.predict(TEXTS).uncertainty)
    plain = PeftModel.from_pretrained(tiny_classifier(tmp_path / "base"), str(folder)).eval()
    batch = padded(model, TEXTS)
    with torch.no_grad():
        assert torch.equal(again(**batch).logits, plain(**batch).logits)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_half_precision_checkpoints_give_heads_in_float32(tmp_path: Path, model_type: str, dtype: torch.dtype) -> None:
    folder = save_tiny_adapter(tmp_path, model_type, dtype=dtype)
    model = fit_quickly(AdueModel.from_pretrained(folder))
    assert model.classifier.dtype == dtype
    assert model.fitted is not None
    assert model.fitted.uncertainty_head.out_weight.dtype == torch.float32
    assert model.fitted.config.provenance is not None
    assert model.fitted.config.provenance.dtype == str(dtype).removeprefix("torch.")
    model.save_pretrained(folder)
    rows = model.extract(TEXTS)
    with torch.no_grad():
        start = model.classifier.head(rows.features)
    torch.testing.assert_close(start, softmax_response(rows.logits).float(), atol=0.02 + HEAD_TOLERANCE[dtype], rtol=0)
    again = AdueModel.from_pretrained(folder)
    np.testing.assert_array_equal(again.predict(TEXTS).uncertainty, model.predict(TEXTS).uncertainty)


def test_the_dtype_can_be_chosen_at_loading(adapter: Path) -> None:
    exact = AdueModel.from_pretrained(adapter)
    half = AdueModel.from_pretrained(adapter, dtype=torch.bfloat16)
    assert half.classifier.dtype == torch.bfloat16
    assert half.origin.sha256 == exact.origin.sha256
    np.testing.assert_allclose(half.predict(TEXTS).uncertainty, exact.predict(TEXTS).uncertainty, atol=0.2)


def test_a_merged_adapter_gives_the_same_uncertainty_and_says_that_it_was_merged(adapter: Path) -> None:
    apart, merged = AdueModel.from_pretrained(adapter), AdueModel.from_pretrained(adapter, merge=True)
    assert not isinstance(merged.classifier.model, PeftModel)
    np.testing.assert_allclose(merged.predict(TEXTS).uncertainty, apart.predict(TEXTS).uncertainty, atol=1e-4)
    for model, expected in ((apart, False), (merged, True)):
        fitted = fit_quickly(model).fitted
        assert fitted is not None
        assert fitted.config.provenance is not None
        assert fitted.config.provenance.merged is expected


def test_a_head_fitted_on_the_merged_model_is_saved_beside_the_adapter(adapter: Path) -> None:
    merged = fit_quickly(AdueModel.from_pretrained(adapter, merge=True))
    merged.save_pretrained(adapter)
    again = AdueModel.from_pretrained(adapter)
    np.testing.assert_allclose(again.predict(TEXTS).uncertainty, merged.predict(TEXTS).uncertainty, atol=1e-4)


def test_a_merged_model_saved_elsewhere_is_a_whole_model_and_can_be_saved_again(adapter: Path, tmp_path: Path) -> None:
    merged = fit_quickly(AdueModel.from_pretrained(adapter, merge=True))
    merged.save_pretrained(tmp_path / "whole")
    merged.save_pretrained(tmp_path / "whole")
    again = AdueModel.from_pretrained(tmp_path / "whole")
    np.testing.assert_array_equal(again.predict(TEXTS).uncertainty, merged.predict(TEXTS).uncertainty)


def test_a_fully_fine_tuned_model_needs_no_adapter(tmp_path: Path, model_type: str) -> None:
    folder = save_tiny_whole(tmp_path, model_type)
    model = fit_quickly(AdueModel.from_pretrained(folder))
    assert model.origin.head_source == "base model"
    model.save_pretrained(folder)
    assert not (folder / "adapter_config.json").exists()
    again = AdueModel.from_pretrained(folder)
    np.testing.assert_array_equal(again.predict(TEXTS).uncertainty, model.predict(TEXTS).uncertainty)
    again.save_pretrained(tmp_path / "copy")
    copy = AdueModel.from_pretrained(tmp_path / "copy")
    np.testing.assert_array_equal(copy.predict(TEXTS).uncertainty, model.predict(TEXTS).uncertainty)


@pytest.mark.parametrize("model_type", ["llama", "mistral", "qwen2", "qwen3", "gemma"])
def test_a_decoder_gives_the_same_uncertainty_for_batches_padded_on_either_side(
    tmp_path: Path, model_type: str
) -> None:
    # Encoders read the first token and GPT-2 has absolute positions: they cannot be padded on the left by anyone.
    model = fit_quickly(AdueModel.from_pretrained(save_tiny_adapter(tmp_path, model_type)))
    left, right = (model(**padded(model, TEXTS, side)).uncertainty for side in ("left", "right"))
    torch.testing.assert_close(left, right, atol=1e-4, rtol=0)
