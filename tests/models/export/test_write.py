"""The graph that ONNX Runtime runs answers as the PyTorch model does."""

import json
import shutil
from importlib.metadata import version
from itertools import product
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from peft import LilyConfig, get_peft_model

from adue import AdueModel, ArtifactError, MissingExtraError, ModelError
from adue.foundation.digests import tensors_sha256
from adue.models.export import OnnxAdueModel, export_onnx
from adue.workflows.demo import copy_packaged_adapter
from tests.models.export.conftest import Exported, ModelOf
from tests.support.adapters import random_texts, save_tiny_adapter, tiny_classifier
from tests.support.tiny import CONFIGS, save_tiny_base

FAST = {("bert", "auto"), ("llama", "paper")}
TEXTS = [*random_texts(40, seed=7), " ".join(random_texts(9)), ""]


def assert_same_answers(model: AdueModel, folder: Path, texts: list[str], batch_size: int = 32) -> None:
    expected, got = model.predict(texts), OnnxAdueModel.from_pretrained(folder).predict(texts, batch_size=batch_size)
    np.testing.assert_array_equal(got.labels, expected.labels)
    assert got.label_names == expected.label_names
    np.testing.assert_allclose(got.probabilities, expected.probabilities, atol=1e-4)
    np.testing.assert_allclose(got.uncertainty, expected.uncertainty, atol=1e-4)
    assert got.uncertainty.dtype == expected.uncertainty.dtype


@pytest.mark.parametrize(
    ("model_type", "form"),
    [
        pytest.param(*case, marks=() if case in FAST else pytest.mark.slow)
        for case in product(CONFIGS, ("auto", "paper"))
    ],
)
def test_the_graph_gives_the_models_answers(model_of: ModelOf, exported: Exported, model_type: str, form: str) -> None:
    model, folder = model_of(model_type, form), exported(model_type, form)
    assert_same_answers(model, folder, TEXTS)
    batch = model.classifier.collate(model.classifier.tokenize(TEXTS[:9]))
    inputs = {name: values.numpy() for name, values in batch.items()}
    (logits,) = onnxruntime.InferenceSession(folder / "model.onnx").run(["logits"], inputs)
    expected = model(**batch).logits
    # Rounding grows with the largest logit: a small one is a difference of large numbers.
    torch.testing.assert_close(torch.from_numpy(logits), expected, rtol=0, atol=1e-4 * float(1 + expected.abs().max()))


@pytest.fixture(scope="module")
def served(exported: Exported) -> Path:
    return exported("bert", "auto")


@pytest.mark.parametrize("batch_size", [1, 7, 64])
def test_any_number_of_rows_and_tokens_fits_the_graph(model_of: ModelOf, served: Path, batch_size: int) -> None:
    assert_same_answers(model_of("bert", "auto"), served, TEXTS, batch_size)


def test_inputs_and_outputs_are_named(served: Path) -> None:
    session = onnxruntime.InferenceSession(served / "model.onnx")
    assert {one.name: one.shape for one in session.get_inputs()} == {
        "input_ids": ["rows", "tokens"],
        "attention_mask": ["rows", "tokens"],
    }
    assert {one.name: one.shape for one in session.get_outputs()} == {
        "logits": ["rows", 3],
        "probabilities": ["rows", 3],
        "uncertainty": ["rows"],
    }


def test_the_folder_says_what_serving_needs(model_of: ModelOf, served: Path) -> None:
    model = model_of("bert", "auto")
    known = json.loads((served / "adue_onnx.json").read_text())
    assert known["id2label"] == {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}
    assert known["max_length"] == model.classifier.max_length
    assert known["adue_version"] == version("adue")
    assert (known["score"], known["precision"]) == ("auto", "float32")
    assert known["adapter_sha256"] == model.origin.sha256
    assert (served / "tokenizer.json").is_file()


def test_an_export_takes_the_place_of_another_and_the_model_is_left_as_it_was(
    model_of: ModelOf, served: Path, tmp_path: Path
) -> None:
    folder, model = shutil.copytree(served, tmp_path / "served"), model_of("bert", "paper")
    model.classifier.model.train()
    before = tensors_sha256(model.classifier.model.state_dict())
    export_onnx(model, folder)
    assert tensors_sha256(model.classifier.model.state_dict()) == before
    assert all(module.training for module in model.classifier.model.modules())
    model.classifier.model.eval()
    assert_same_answers(model, folder, TEXTS)
    assert {path.name for path in folder.iterdir()} == {path.name for path in served.iterdir()}


@pytest.mark.slow
def test_half_precision_is_served_in_float32(tmp_path: Path, model_of: ModelOf) -> None:
    half = AdueModel.from_pretrained(save_tiny_adapter(tmp_path / "made", "bert"), dtype=torch.bfloat16)
    half.fitted = model_of("bert", "paper").fitted
    export_onnx(half, tmp_path / "served")
    got = OnnxAdueModel.from_pretrained(tmp_path / "served").predict(TEXTS)
    np.testing.assert_allclose(got.probabilities, half.predict(TEXTS).probabilities, atol=0.2)
    manifest = json.loads((tmp_path / "served" / "adue_onnx.json").read_text(encoding="utf-8"))
    assert manifest["dtype"] == "bfloat16"


def test_a_model_without_a_head_is_refused(tmp_path: Path) -> None:
    model = AdueModel.from_pretrained(save_tiny_adapter(tmp_path, "bert"))
    with pytest.raises(ArtifactError, match=r"no uncertainty head to export; fit one with model\.fit"):
        export_onnx(model, tmp_path / "served")
    assert not (tmp_path / "served").exists()


def test_a_missing_extra_is_named(model_of: ModelOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match=r'needs the package onnxscript .*pip install "adue\[onnx\]"'):
        export_onnx(model_of("bert", "auto"), tmp_path)


def test_what_cannot_be_traced_is_refused_in_one_line(
    model_of: ModelOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_of("bert", "paper")
    forward = type(model.classifier.config).__name__

    def looks_at_values(self: torch.nn.Module, input_ids: torch.Tensor, **options: object) -> torch.Tensor:
        raise ValueError(f"{forward} is not {'for' if input_ids.sum() > 0 else 'against'} this")

    monkeypatch.setattr("transformers.BertModel.forward", looks_at_values)
    with pytest.raises(ModelError, match=r"torch\.onnx cannot export a BertForSequenceClassification .*adue predict"):
        export_onnx(model, tmp_path / "served")
    assert list((tmp_path / "served").iterdir()) == []


@pytest.mark.slow
def test_minilm_is_served_as_it_is(tmp_path: Path) -> None:
    copy_packaged_adapter(tmp_path / "adapter")
    model = AdueModel.from_pretrained(tmp_path / "adapter")
    texts = ["a film to remember", "dull", "neither good nor bad, but long", "an actor's film"] * 8
    answers = model.predict_proba(texts).argmax(axis=-1).tolist()
    rows = model.extract(texts, [answer if index % 5 else 1 - answer for index, answer in enumerate(answers)])
    export_onnx(model.fit_features(rows, rows), tmp_path / "served")
    assert_same_answers(model, tmp_path / "served", texts)


def test_an_adapter_that_cannot_be_merged_is_refused(tmp_path: Path, model_of: ModelOf) -> None:
    base = tiny_classifier(save_tiny_base(tmp_path / "base", "bert", num_labels=3))
    lily = get_peft_model(base, LilyConfig(task_type="SEQ_CLS", target_modules=["query", "value"]))
    model = AdueModel(lily, model_of("bert", "paper").classifier.tokenizer, fitted=model_of("bert", "paper").fitted)
    with pytest.raises(ModelError, match="an adapter of the kind LILY cannot be merged into its base model"):
        export_onnx(model, tmp_path / "served")
    assert not (tmp_path / "served").exists()
