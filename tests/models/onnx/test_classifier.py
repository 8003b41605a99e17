"""ONNX Runtime computes what PyTorch does."""

from pathlib import Path

import pytest
import torch
from peft import LilyConfig, TaskType, get_peft_model
from transformers import BertModel

from adue import AdueModel, DataError, ModelError
from adue.datasets import load_splits
from adue.foundation.config import Reading
from adue.foundation.digests import tensors_sha256
from adue.foundation.types import FeatureSet
from adue.models.features.classifier import FrozenClassifier
from adue.models.onnx.classifier import OnnxClassifier
from adue.models.onnx.session import open_session
from adue.models.open import open_folder
from adue.models.pretrained.quiet import quiet_transformers
from adue.workflows.demo import copy_packaged_adapter
from tests.models.onnx.conftest import AdapterOf
from tests.support.adapters import padded, random_texts, tiny_classifier
from tests.support.tiny import CONFIGS, save_tiny_base, tiny_tokenizer

FAST = {"bert", "distilbert", "llama"}
"""With and without token types, and a decoder; the others are traced by `make test-all`."""
TEXTS = [*random_texts(40, seed=7), " ".join(random_texts(9)), ""]


def assert_same(got: FeatureSet, expected: FeatureSet) -> None:
    assert got.logits.dtype == got.features.dtype == torch.float32
    torch.testing.assert_close(got.logits, expected.logits, atol=1e-3, rtol=0)
    torch.testing.assert_close(got.features, expected.features, atol=1e-3, rtol=0)
    assert torch.equal(got.predictions, expected.predictions)


@pytest.mark.parametrize(
    "model_type", [pytest.param(name, marks=() if name in FAST else pytest.mark.slow) for name in CONFIGS]
)
def test_features_logits_and_predictions_are_pytorchs_in_the_order_of_the_rows(
    adapter_of: AdapterOf, model_type: str
) -> None:
    expected = AdueModel.from_pretrained(adapter_of(model_type)).extract(TEXTS)
    model = AdueModel.from_pretrained(adapter_of(model_type), backend="onnx")
    assert_same(model.extract(TEXTS), expected)
    assert_same(model.extract(TEXTS, batch_size=1), expected)


def test_windows_of_long_texts_are_pytorchs_too(adapter_of: AdapterOf) -> None:
    reading = Reading(long_texts="windows")
    plain, model = (
        AdueModel.from_pretrained(adapter_of("bert"), backend=backend, max_length=8, reading=reading)
        for backend in ("torch", "onnx")
    )
    assert_same(model.extract(TEXTS), plain.extract(TEXTS))


@pytest.fixture
def plain(adapter_of: AdapterOf) -> AdueModel:
    return AdueModel.from_pretrained(adapter_of("bert"))


@pytest.fixture
def model(adapter_of: AdapterOf) -> AdueModel:
    return AdueModel.from_pretrained(adapter_of("bert"), backend="onnx")


def test_the_forward_pass_does_not_reach_pytorch(model: AdueModel, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = model.extract(TEXTS)
    monkeypatch.setattr(BertModel, "forward", None)
    assert torch.equal(model.extract(TEXTS).logits, expected.logits)


def test_the_model_beside_the_graph_is_the_one_that_was_given(plain: AdueModel) -> None:
    inner, tokenizer = plain.classifier.model, plain.classifier.tokenizer
    inner.train()
    before = tensors_sha256(inner.state_dict())
    model = AdueModel(inner, tokenizer, backend="onnx")
    assert model.classifier.model is inner
    assert tensors_sha256(inner.state_dict()) == before
    assert all(module.training for module in inner.modules())


def test_padding_on_either_side_gives_one_answer(model: AdueModel, plain: AdueModel) -> None:
    for side in ("right", "left"):
        batch = padded(plain, TEXTS[:9], side)
        batch.pop("token_type_ids", None)
        got, expected = model.classifier.forward(batch), plain.classifier.forward(batch)
        torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-4)


def test_features_are_kept_apart_from_pytorchs(model: AdueModel, plain: AdueModel, tmp_path: Path) -> None:
    for one in (model, plain):
        one.extract(TEXTS, cache=tmp_path)
    assert {folder.name for folder in tmp_path.iterdir()} == {
        model.classifier.fingerprint,
        plain.classifier.fingerprint,
    }
    assert len(list(tmp_path.iterdir())) == 2


def test_a_session_takes_as_many_threads_as_torch(cache: Path) -> None:
    session = open_session(next(cache.rglob("model.onnx")))
    assert session.get_session_options().intra_op_num_threads == torch.get_num_threads()


def test_inputs_that_the_graph_does_not_read_are_refused(model: AdueModel) -> None:
    ids = torch.ones(1, 3, dtype=torch.int64)
    with pytest.raises(
        DataError, match="the graph reads input_ids, attention_mask, and was given input_ids; give what"
    ):
        model.classifier.forward({"input_ids": ids})


def test_a_checkpoint_in_half_precision_is_read_in_float32(tmp_path: Path, adapter_of: AdapterOf) -> None:
    loaded = open_folder(adapter_of("bert"), TaskType.SEQ_CLS, backend="onnx", dtype="auto").loaded
    assert loaded.model.dtype == torch.float32
    with pytest.raises(ModelError, match=r"computes in float32 here, not in bfloat16; leave --dtype out"):
        AdueModel.from_pretrained(adapter_of("bert"), backend="onnx", dtype=torch.bfloat16)


def test_another_device_than_the_processor_is_refused(plain: AdueModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FrozenClassifier, "device", torch.device("cuda:0"))
    with pytest.raises(ModelError, match=r"on the processor here, not on cuda:0; leave --device out"):
        OnnxClassifier.of(plain.classifier)
    with pytest.raises(ModelError, match="not on cuda; leave --device out"):
        open_folder("anything", TaskType.SEQ_CLS, backend="onnx", device="cuda")


def test_an_unknown_backend_is_refused(adapter_of: AdapterOf) -> None:
    with pytest.raises(ModelError, match="there is no backend 'openvino'; use torch or onnx"):
        AdueModel.from_pretrained(adapter_of("bert"), backend="openvino")  # type: ignore[arg-type]


def test_tasks_other_than_whole_texts_are_refused(adapter_of: AdapterOf) -> None:
    with pytest.raises(ModelError, match="classifies whole texts only, not TOKEN_CLS; use the backend torch"):
        open_folder(adapter_of("bert"), TaskType.TOKEN_CLS, backend="onnx")


def test_an_adapter_that_cannot_be_merged_is_refused(tmp_path: Path) -> None:
    base = tiny_classifier(save_tiny_base(tmp_path / "base", "bert", num_labels=3))
    lily = get_peft_model(base, LilyConfig(task_type="SEQ_CLS", target_modules=["query", "value"]))
    with pytest.raises(ModelError, match=r"kind LILY cannot be merged .* or let PyTorch run it: --backend"):
        AdueModel(lily, tiny_tokenizer(decoder=False), backend="onnx")


@pytest.mark.slow
def test_minilm_answers_as_in_pytorch_on_real_texts(tmp_path: Path) -> None:
    copy_packaged_adapter(tmp_path / "adapter")
    texts = load_splits("reviews", need=("test",))["test"]["text"][:300]
    with quiet_transformers():
        model, plain = (AdueModel.from_pretrained(tmp_path / "adapter", backend=name) for name in ("onnx", "torch"))
    assert_same(model.extract(texts), plain.extract(texts))
