from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from peft import IA3Config
from torch import Tensor

from adue import AdueModel
from adue.foundation.digests import tensors_sha256
from adue.foundation.errors import DataError, ModelError
from adue.models.features import shards
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.extract import extract
from adue.research.sampling.lora_laplace import LoraDraws, draw_lora_weights, lora_laplace_logits, only_learning
from tests.support.adapters import lora, random_texts, save_tiny_adapter, save_tiny_whole

TRAIN, TEXTS = random_texts(40, seed=1), random_texts(24, seed=5)
LABELS = [len(text) % 3 for text in TRAIN]


@pytest.fixture(scope="module", params=["bert", "roberta", "llama", "gpt2"])
def classifier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FrozenClassifier:
    folder = save_tiny_adapter(tmp_path_factory.mktemp(request.param), request.param)
    return AdueModel.from_pretrained(folder).classifier


@pytest.fixture(scope="module")
def draws(classifier: FrozenClassifier) -> LoraDraws:
    return draw_lora_weights(classifier, TRAIN, LABELS, samples=4)


@pytest.fixture
def bert(tmp_path: Path) -> FrozenClassifier:
    return AdueModel.from_pretrained(save_tiny_adapter(tmp_path / "bert", "bert")).classifier


def along(gradients: Sequence[Tensor], draws: LoraDraws) -> Tensor:
    """Return how much a logit with these gradients changes by each draw."""
    products = zip(gradients, draws.deviations.values(), strict=True)
    return torch.stack([(gradient * delta).flatten(start_dim=1).sum(dim=-1) for gradient, delta in products]).sum(dim=0)


def test_every_lora_matrix_is_drawn_and_nothing_else(classifier: FrozenClassifier, draws: LoraDraws) -> None:
    expected = {name for name, _ in classifier.model.named_parameters() if ".lora_" in name}
    assert set(draws.deviations) == expected
    for name, delta in draws.deviations.items():
        assert delta.shape == (4, *classifier.model.get_parameter(name).shape)
        assert (delta.std(dim=0) > 0).any()
    assert draws.samples == 4
    assert draws.prior_precision > 0


def test_a_draw_gives_the_logits_of_the_linearised_model(classifier: FrozenClassifier, draws: LoraDraws) -> None:
    found = lora_laplace_logits(classifier, TEXTS, draws)
    assert found.shape == (4, 24, 3)
    # The same by backward passes, one per row and class.
    model, texts = classifier.model, TEXTS[:5]
    with only_learning(model, list(draws.deviations)):
        logits = model(**classifier.collate(classifier.tokenize(texts))).logits
        weights = [model.get_parameter(name) for name in draws.deviations]
        changes = [along(torch.autograd.grad(logit, weights, retain_graph=True), draws) for logit in logits.flatten()]
    expected = logits.detach() + torch.stack(changes, dim=-1).reshape(4, 5, 3)
    torch.testing.assert_close(found[:, :5], expected, atol=1e-3, rtol=1e-3)


def test_without_a_deviation_every_draw_answers_as_the_classifier(
    classifier: FrozenClassifier, draws: LoraDraws
) -> None:
    still = LoraDraws({name: torch.zeros_like(delta) for name, delta in draws.deviations.items()}, 1.0)
    own = extract(classifier, TEXTS).logits
    for batch_size in (1, 5, 100):
        logits = lora_laplace_logits(classifier, TEXTS, still, batch_size=batch_size)
        torch.testing.assert_close(logits, own.expand(4, -1, -1), atol=1e-4, rtol=1e-4)


def test_the_model_is_left_as_it_was(classifier: FrozenClassifier) -> None:
    model = classifier.model
    parameters = list(model.parameters())
    parameters[0].requires_grad_()
    parameters[0].grad = torch.ones_like(parameters[0])
    model.train()
    flags, before = [parameter.requires_grad for parameter in parameters], tensors_sha256(model.state_dict())
    lora_laplace_logits(classifier, TEXTS, draw_lora_weights(classifier, TRAIN, LABELS, samples=2))
    assert tensors_sha256(model.state_dict()) == before
    assert [parameter.requires_grad for parameter in parameters] == flags
    assert parameters[0].grad is not None
    assert torch.equal(parameters[0].grad, torch.ones_like(parameters[0]))
    assert all(parameter.grad is None for parameter in parameters[1:])
    assert all(module.training for module in model.modules())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    parameters[0].grad = None
    model.eval()


def test_the_same_seed_draws_the_same_and_another_does_not(bert: FrozenClassifier) -> None:
    first, second, other = (draw_lora_weights(bert, TRAIN, LABELS, samples=2, seed=seed) for seed in (0, 0, 1))
    assert tensors_sha256(first.deviations) == tensors_sha256(second.deviations)
    assert tensors_sha256(first.deviations) != tensors_sha256(other.deviations)


def test_more_training_rows_give_a_narrower_posterior_also_when_a_part_stands_for_all(bert: FrozenClassifier) -> None:
    def spread(copies: int, max_rows: int) -> float:
        found = draw_lora_weights(bert, TRAIN * copies, LABELS * copies, samples=20, max_rows=max_rows)
        return float(torch.cat([delta.flatten() for delta in found.deviations.values()]).std())

    few, many, part = spread(1, 1000), spread(20, 1000), spread(20, 100)
    assert many < 0.8 * few
    assert part == pytest.approx(many, rel=0.25)


def test_many_classes_are_drawn_from_one_answer_per_row(tmp_path: Path) -> None:
    classifier = AdueModel.from_pretrained(save_tiny_adapter(tmp_path, "bert", num_labels=12)).classifier
    found = draw_lora_weights(classifier, TRAIN, [len(text) % 12 for text in TRAIN], samples=2)
    assert lora_laplace_logits(classifier, TEXTS, found).shape == (2, 24, 12)


def test_a_second_run_reads_and_other_draws_do_not(
    bert: FrozenClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "SHARD_ROWS", 10)
    found = draw_lora_weights(bert, TRAIN, LABELS, samples=2)
    expected = lora_laplace_logits(bert, TEXTS, found)
    for _ in range(2):
        cached = lora_laplace_logits(bert, TEXTS, found, cache=tmp_path / "cache")
        torch.testing.assert_close(cached, expected, atol=1e-5, rtol=1e-5)
        assert len(list((tmp_path / "cache").rglob("*.safetensors"))) == 3
    other = draw_lora_weights(bert, TRAIN, LABELS, samples=2, seed=1)
    assert not torch.equal(lora_laplace_logits(bert, TEXTS, other, cache=tmp_path / "cache"), expected)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (IA3Config(task_type="SEQ_CLS", target_modules=["query"], feedforward_modules=[]), "has IA3; leave"),
        (lora("bert", use_dora=True), "has DoRA; leave lora-laplace out for it"),
    ],
)
def test_other_kinds_of_adapters_are_refused(tmp_path: Path, kind: IA3Config, words: str) -> None:
    kind.modules_to_save = ["classifier"]
    classifier = AdueModel.from_pretrained(save_tiny_adapter(tmp_path, "bert", kind)).classifier
    with pytest.raises(ModelError, match=f"LoRA-Laplace needs a LoRA adapter, this classifier {words}"):
        draw_lora_weights(classifier, TRAIN, LABELS)


def test_a_model_without_an_adapter_is_refused(tmp_path: Path) -> None:
    classifier = AdueModel.from_pretrained(save_tiny_whole(tmp_path, "bert")).classifier
    with pytest.raises(ModelError, match="this classifier has no adapter"):
        draw_lora_weights(classifier, TRAIN, LABELS)


def test_rows_without_labels_and_draws_of_another_adapter_are_refused(bert: FrozenClassifier) -> None:
    with pytest.raises(DataError, match="needs labelled training rows; got 40 texts and 3 labels"):
        draw_lora_weights(bert, TRAIN, LABELS[:3])
    with pytest.raises(ModelError, match="these weights were drawn for another adapter"):
        lora_laplace_logits(bert, TEXTS, LoraDraws({"elsewhere": torch.zeros(2, 1)}, 1.0))
