import re
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import torch
import transformers
from peft import PeftModel
from torch import Tensor, nn
from transformers import PreTrainedConfig
from transformers.models.bert.modeling_bert import BertLayer

from adue import AdueModel, DataWarning, ModelError
from adue.foundation.digests import tensors_sha256
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.inner import evaluation_mode
from tests.support.adapters import (
    fit_quickly,
    lora,
    make_answers_differ,
    random_texts,
    save_tiny_adapter,
    tiny_adapter,
    tiny_classifier,
)
from tests.support.tiny import HIDDEN, VOCABULARY, save_tiny_base, tiny_tokenizer

TEXTS = random_texts(20, seed=7)
SIZES: dict[str, Any] = {"vocab_size": len(VOCABULARY), "hidden_size": HIDDEN, "num_labels": 3, "pad_token_id": 0}

DEEP: dict[str, Any] = {"num_hidden_layers": 5, "num_attention_heads": 2, "intermediate_size": 32}

UNLISTED: dict[str, tuple[Callable[[], PreTrainedConfig], str, str]] = {
    "mpnet": (
        lambda: transformers.MPNetConfig(
            **SIZES, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, max_position_embeddings=64
        ),
        "classifier.out_proj",
        "pooled",
    ),
    "albert": (
        lambda: transformers.AlbertConfig(
            **SIZES, embedding_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
        ),
        "classifier",
        "pooled",
    ),
    "opt": (
        lambda: transformers.OPTConfig(
            **SIZES, word_embed_proj_dim=HIDDEN, num_hidden_layers=2, num_attention_heads=2, ffn_dim=32
        ),
        "score",
        "last",
    ),
    "bloom": (lambda: transformers.BloomConfig(**SIZES, n_layer=2, n_head=2), "score", "last"),
}


def unlisted(name: str) -> Any:
    torch.manual_seed(0)
    model = transformers.AutoModelForSequenceClassification.from_config(UNLISTED[name][0]())
    return model.eval()


def answers(classifier: FrozenClassifier, texts: list[str]) -> tuple[Tensor, Tensor]:
    return classifier.forward(classifier.collate(classifier.tokenize(texts)))


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> PeftModel:
    base = save_tiny_base(tmp_path_factory.mktemp("bert"), "bert", num_labels=3, initializer_range=0.3)
    return tiny_adapter(base, "bert")


@pytest.mark.parametrize("name", UNLISTED)
def test_an_architecture_nobody_listed_is_found_by_its_structure(name: str) -> None:
    _, output, pool = UNLISTED[name]
    model = unlisted(name)
    classifier = FrozenClassifier.wrap(model, tiny_tokenizer(decoder=pool == "last"))
    assert (classifier.layout.output, classifier.layout.pool) == (output, pool)
    features, logits = answers(classifier, TEXTS)
    torch.testing.assert_close(classifier.head.logits(features), logits, atol=1e-5, rtol=1e-5)


class LayerOutputs:
    """Remembers what every layer of an encoder gave, without keeping it alive."""

    def __init__(self, model: nn.Module) -> None:
        self.seen: list[weakref.ref[Tensor]] = []
        for layer in model.modules():
            if isinstance(layer, BertLayer):
                layer.register_forward_hook(self._see)

    def _see(self, _: nn.Module, __: Any, output: Any) -> None:
        self.seen.append(weakref.ref(output[0] if isinstance(output, tuple) else output))

    @property
    def alive(self) -> int:
        return sum(reference() is not None for reference in self.seen)


def test_one_pass_keeps_no_hidden_state_of_any_layer() -> None:
    torch.manual_seed(0)
    model = transformers.BertForSequenceClassification(transformers.BertConfig(**SIZES, **DEEP)).eval()
    classifier = FrozenClassifier.wrap(model, tiny_tokenizer(decoder=False))
    batch, outputs = classifier.collate(classifier.tokenize(TEXTS)), LayerOutputs(model)
    found = classifier.forward(batch)
    assert (len(outputs.seen), outputs.alive) == (5, 0)
    with torch.no_grad():
        kept = model(**batch, output_hidden_states=True)
    assert outputs.alive == 5
    torch.testing.assert_close(found[1], kept.logits)


class Twin(nn.Module):
    """Two linear layers with one output per class: nobody can tell which one is the head."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner, self.config, self.dtype = inner, inner.config, inner.dtype
        self.probe = nn.Linear(HIDDEN, 3)

    def forward(self, **batch: Tensor) -> Any:
        return self.inner(**batch)


def test_a_head_that_cannot_be_told_apart_has_to_be_named_and_naming_it_works() -> None:
    model, tokenizer = Twin(unlisted("mpnet")).eval(), tiny_tokenizer(decoder=False)
    with pytest.raises(ModelError, match=r"candidates: inner.classifier.out_proj, probe\); name it with --head"):
        FrozenClassifier.wrap(model, tokenizer)
    classifier = FrozenClassifier.wrap(model, tokenizer, head="inner.classifier.out_proj")
    features, logits = answers(classifier, TEXTS)
    torch.testing.assert_close(classifier.head.logits(features), logits, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("clasifier", "BertForSequenceClassification has no module 'clasifier'; see its named_modules()"),
        (
            "bert.pooler.dense",
            "the layer 'bert.pooler.dense' of BertForSequenceClassification does not give the model's",
        ),
        ("dropout", "a Dropout is not a linear layer; name the last linear layer of the head with --head"),
    ],
)
def test_a_wrong_name_is_refused(bert: PeftModel, head: str, words: str) -> None:
    with pytest.raises(ModelError, match=re.escape(words)):
        FrozenClassifier.wrap(bert, tiny_tokenizer(decoder=False), head=head)


def test_a_layer_of_the_right_size_that_is_not_the_head_is_refused() -> None:
    model = Twin(unlisted("mpnet")).eval()
    model.forward = lambda **batch: (model.probe(torch.zeros(2, HIDDEN)), model.inner(**batch))[1]  # type: ignore[method-assign]
    with pytest.raises(ModelError, match="the layer 'probe' of Twin does not give the model's own logits"):
        FrozenClassifier.wrap(model, tiny_tokenizer(decoder=False), head="probe")


def test_a_right_name_gives_what_is_found_without_it(bert: PeftModel) -> None:
    tokenizer = tiny_tokenizer(decoder=False)
    named, found = FrozenClassifier.wrap(bert, tokenizer, head="classifier"), FrozenClassifier.wrap(bert, tokenizer)
    assert named.layout == found.layout


@pytest.mark.parametrize("kind", ["multi_label_classification", "regression"])
def test_a_model_in_memory_that_gives_no_class_per_text_is_refused(tmp_path: Path, kind: str) -> None:
    model = tiny_classifier(save_tiny_base(tmp_path, "bert"))
    model.config.problem_type = kind  # type: ignore[assignment]
    with pytest.raises(ModelError, match=r"\(problem_type in its config\.json\), and adue reads one class per text"):
        FrozenClassifier.wrap(model, tiny_tokenizer(decoder=False))


def test_logits_beyond_half_precision_name_the_type_and_not_the_weights(tmp_path: Path) -> None:
    model = tiny_classifier(save_tiny_base(tmp_path, "bert", dtype=torch.float16))
    with torch.no_grad():
        for name in ("bert.pooler.dense", "classifier"):
            cast("Tensor", model.get_submodule(name).weight).fill_(6e4)
    with pytest.raises(ModelError, match=r"logits are not finite in float16; load it in a wider type with --dtype"):
        FrozenClassifier.wrap(model, tiny_tokenizer(decoder=False))


def test_a_tokenizer_without_padding_token_is_refused(bert: PeftModel) -> None:
    with pytest.raises(ModelError, match=r"has no padding token; set tokenizer.pad_token = tokenizer.eos_token"):
        FrozenClassifier.wrap(bert, tiny_tokenizer(decoder=False, pad_token=False))


@pytest.mark.parametrize("known", [None, 4])
def test_a_decoder_that_takes_another_token_for_padding_is_refused(tmp_path: Path, known: int | None) -> None:
    model = tiny_classifier(save_tiny_base(tmp_path, "llama"))
    model.config.pad_token_id = known
    with pytest.raises(ModelError, match=f"pads with token 0, the model takes {known} for padding"):
        FrozenClassifier.wrap(model, tiny_tokenizer(decoder=True))


@pytest.mark.parametrize("model_type", ["llama", "gpt2"])
def test_checkpoints_without_padding_token_are_fitted_and_scored(tmp_path: Path, model_type: str) -> None:
    base = save_tiny_base(tmp_path / "base", model_type, num_labels=3, pad_token=False, initializer_range=0.3)
    model = tiny_classifier(base)
    model.config.pad_token_id = 3
    adapted = PeftModel(model, lora(model_type))
    make_answers_differ(adapted)
    adapted.save_pretrained(str(tmp_path / "adapter"))
    with pytest.warns(DataWarning, match="names no padding token"):
        loaded = fit_quickly(AdueModel.from_pretrained(tmp_path / "adapter"))
    assert loaded.classifier.tokenizer.pad_token == "[SEP]"
    assert loaded.classifier.config.pad_token_id == 3
    texts = [*TEXTS, ""]
    one_by_one = torch.from_numpy(loaded.predict(texts, batch_size=1).uncertainty)
    torch.testing.assert_close(torch.from_numpy(loaded.predict(texts).uncertainty), one_by_one, atol=1e-4, rtol=0)


def test_an_empty_text_of_a_decoder_is_never_read_as_padding() -> None:
    tokenizer = tiny_tokenizer(decoder=True)
    tokenizer.pad_token = tokenizer.eos_token
    model = unlisted("bloom")
    model.config.pad_token_id = tokenizer.pad_token_id
    [row] = FrozenClassifier.wrap(model, tokenizer).tokenize([""])
    assert row.inputs["input_ids"] == [tokenizer.unk_token_id]


def test_max_length_is_checked_and_cuts(bert: PeftModel) -> None:
    tokenizer = tiny_tokenizer(decoder=False)
    for length in (2, 65):  # two of them are [CLS] and [SEP]
        with pytest.raises(
            ModelError, match=re.escape(f"max_length {length} is not in 3..64, what this model and tokenizer allow")
        ):
            FrozenClassifier.wrap(bert, tokenizer, max_length=length)
    short = FrozenClassifier.wrap(bert, tokenizer, max_length=6)
    assert [len(row.inputs["input_ids"]) for row in short.tokenize(["good " * 50, "good"])] == [6, 3]


def test_long_texts_are_read_as_far_as_model_and_tokenizer_allow(tmp_path: Path) -> None:
    folder = save_tiny_adapter(tmp_path, "bert", max_position_embeddings=1024)
    model = AdueModel.from_pretrained(folder).classifier.model
    tokenizer = tiny_tokenizer(decoder=False)
    tokenizer.model_max_length = 1024
    assert FrozenClassifier.wrap(model, tokenizer).max_length == 1024
    assert FrozenClassifier.wrap(model, tokenizer, max_length=1024).max_length == 1024
    with pytest.raises(ModelError, match=re.escape("max_length 1025 is not in 3..1024")):
        FrozenClassifier.wrap(model, tokenizer, max_length=1025)


def test_roberta_counts_positions_from_its_padding_token(tmp_path: Path) -> None:
    folder = save_tiny_adapter(tmp_path, "roberta", max_position_embeddings=40)
    model = AdueModel.from_pretrained(folder)
    assert model.classifier.max_length == 39
    model.extract(["good " * 100])


def test_frozen_means_frozen(bert: PeftModel) -> None:
    bert.train()
    bert.get_submodule("base_model.model.bert.encoder.layer.0").eval()
    modes = {name: module.training for name, module in bert.named_modules()}
    gradients = {name: parameter.requires_grad for name, parameter in bert.named_parameters()}
    before = tensors_sha256(bert.state_dict())
    model = fit_quickly(AdueModel(bert, tiny_tokenizer(decoder=False)))
    model.predict(TEXTS)
    assert tensors_sha256(bert.state_dict()) == before
    assert {name: module.training for name, module in bert.named_modules()} == modes
    assert True in modes.values()
    assert {name: parameter.requires_grad for name, parameter in bert.named_parameters()} == gradients
    assert True in gradients.values()
    assert not any(module._forward_pre_hooks or module._forward_hooks for module in bert.modules())
    assert all(parameter.grad is None for parameter in bert.parameters())


def test_a_model_in_training_mode_is_read_without_dropout(bert: PeftModel) -> None:
    classifier = FrozenClassifier.wrap(bert.eval(), tiny_tokenizer(decoder=False))
    quiet = answers(classifier, TEXTS)[1]
    bert.train()
    assert torch.equal(answers(classifier, TEXTS)[1], quiet)
    bert.eval()


def test_a_forward_pass_that_fails_leaves_no_hook_and_the_old_modes(bert: PeftModel) -> None:
    bert.train()
    classifier = FrozenClassifier.wrap(bert, tiny_tokenizer(decoder=False))
    with pytest.raises(IndexError):
        classifier.forward({"input_ids": torch.tensor([[10**6]])})
    assert all(module.training for module in bert.modules())
    assert not any(module._forward_pre_hooks for module in bert.modules())
    bert.eval()


def test_evaluation_mode_gives_every_module_its_own_mode_back() -> None:
    model = nn.Sequential(nn.Dropout(), nn.Dropout()).train()
    model[0].eval()
    with evaluation_mode(model):
        assert not any(module.training for module in model.modules())
    assert [module.training for module in model.modules()] == [True, False, True]


class TestSeveralAdapters:
    @pytest.fixture
    def model(self, tmp_path: Path) -> PeftModel:
        base = save_tiny_base(tmp_path / "base", "bert", num_labels=3, initializer_range=0.3)
        model = tiny_adapter(base, "bert")
        model.add_adapter("second", lora("bert"))
        model.set_adapter("second")
        make_answers_differ(model, seed=50)
        return model

    def test_the_active_one_is_read(self, model: PeftModel) -> None:
        tokenizer = tiny_tokenizer(decoder=False)
        second = AdueModel(model, tokenizer)
        model.set_adapter("default")
        first = AdueModel(model, tokenizer)
        assert (first.classifier.adapter, second.classifier.adapter) == ("default", "second")
        assert first.origin.sha256 != second.origin.sha256
        assert not torch.equal(first.classifier.head.out_weight, second.classifier.head.out_weight)

    def test_another_active_one_is_an_error_and_not_a_wrong_number(self, model: PeftModel) -> None:
        head = fit_quickly(AdueModel(model, tiny_tokenizer(decoder=False)))
        expected = head.predict(TEXTS).uncertainty
        model.set_adapter("default")
        words = "the active adapter is 'default', this head belongs to 'second'; call model.set_adapter('second') first"
        with pytest.raises(ModelError, match=re.escape(words)):
            head.predict(TEXTS)
        model.set_adapter("second")
        assert (head.predict(TEXTS).uncertainty == expected).all()

    def test_the_one_that_is_not_the_default_is_saved_so_that_it_loads_by_itself(
        self, model: PeftModel, tmp_path: Path
    ) -> None:
        head = fit_quickly(AdueModel(model, tiny_tokenizer(decoder=False)))
        head.save_pretrained(tmp_path / "second")
        again = AdueModel.from_pretrained(tmp_path / "second")
        assert again.classifier.adapter == "default"
        assert again.origin.sha256 == head.origin.sha256
        assert (again.predict(TEXTS).uncertainty == head.predict(TEXTS).uncertainty).all()

    def test_features_of_one_are_never_taken_for_those_of_the_other(self, model: PeftModel, tmp_path: Path) -> None:
        tokenizer = tiny_tokenizer(decoder=False)
        second = AdueModel(model, tokenizer).extract(TEXTS, cache=tmp_path / "cache")
        model.set_adapter("default")
        first = AdueModel(model, tokenizer).extract(TEXTS, cache=tmp_path / "cache")
        assert not torch.equal(first.logits, second.logits)
