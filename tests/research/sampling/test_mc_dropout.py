from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from adue import AdueModel
from adue.foundation.digests import tensors_sha256
from adue.foundation.errors import ModelError
from adue.models.features import shards
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.extract import extract
from adue.research.sampling.mc_dropout import dropout_on, mc_dropout_logits
from tests.support.adapters import lora, random_texts, save_tiny_adapter

TEXTS = random_texts(24, seed=5)


def classifier_of(folder: Path, model_type: str = "bert", **options: Any) -> FrozenClassifier:
    return AdueModel.from_pretrained(save_tiny_adapter(folder, model_type, lora(model_type, **options))).classifier


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> FrozenClassifier:
    return classifier_of(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> FrozenClassifier:
    return classifier_of(tmp_path_factory.mktemp("llama"), "llama", lora_dropout=0.3)


def test_every_pass_differs_and_the_shape_is_passes_rows_classes(classifier: FrozenClassifier) -> None:
    logits = mc_dropout_logits(classifier, TEXTS, passes=4)
    assert logits.shape == (4, 24, 3)
    assert logits.dtype == torch.float32
    assert (logits.std(dim=0) > 0).all()


def test_without_rows_the_shape_is_kept(classifier: FrozenClassifier) -> None:
    assert mc_dropout_logits(classifier, [], passes=4).shape == (4, 0, 3)


def test_rows_keep_their_order_with_any_batch_size(tmp_path: Path) -> None:
    classifier = classifier_of(tmp_path)
    for layer in classifier.model.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 1e-9  # on, but as good as never dropping: every pass gives the classifier's own logits
    own = extract(classifier, TEXTS).logits
    for batch_size in (1, 5, 100):
        logits = mc_dropout_logits(classifier, TEXTS, passes=2, batch_size=batch_size)
        torch.testing.assert_close(logits, own.expand(2, -1, -1), atol=1e-5, rtol=1e-5)


def test_the_same_seed_draws_the_same_and_another_does_not(classifier: FrozenClassifier) -> None:
    first, second, other = (mc_dropout_logits(classifier, TEXTS, passes=2, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("name", ["classifier", "decoder"])
def test_the_model_and_the_global_random_state_are_left_as_they_were(name: str, request: pytest.FixtureRequest) -> None:
    classifier = request.getfixturevalue(name)
    model = classifier.model
    model.train()
    next(module for module in model.modules() if isinstance(module, nn.LayerNorm | nn.Embedding)).eval()
    modes = [module.training for module in model.modules()]
    before, state = tensors_sha256(model.state_dict()), torch.get_rng_state()
    drawn = mc_dropout_logits(classifier, TEXTS, passes=2)
    assert [module.training for module in model.modules()] == modes
    assert tensors_sha256(model.state_dict()) == before
    assert torch.equal(torch.get_rng_state(), state)
    model.eval()
    assert torch.equal(mc_dropout_logits(classifier, TEXTS, passes=2), drawn)


def test_only_dropout_layers_that_drop_are_switched_on() -> None:
    model = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(2), nn.Dropout(0.0), nn.Dropout1d(0.1))
    model.train()
    with dropout_on(model):
        assert [module.training for module in model] == [True, False, False, True]
    assert all(module.training for module in model)


def test_a_decoder_drops_in_its_adapter_only(decoder: FrozenClassifier, tmp_path: Path) -> None:
    assert (mc_dropout_logits(decoder, TEXTS, passes=3).std(dim=0) > 0).all()
    words = r"no layer of this model drops anything .* train the adapter with lora_dropout > 0, or leave"
    with pytest.raises(ModelError, match=words):
        mc_dropout_logits(classifier_of(tmp_path, "llama"), TEXTS)


def test_a_second_run_reads_and_a_stopped_one_goes_on_to_the_same_numbers(
    classifier: FrozenClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "SHARD_ROWS", 10)
    expected = mc_dropout_logits(classifier, TEXTS, passes=2)
    mc_dropout_logits(classifier, TEXTS[:10], passes=2, cache=tmp_path)
    assert len(list(tmp_path.rglob("*.safetensors"))) == 1
    resumed = mc_dropout_logits(classifier, TEXTS, passes=2, cache=tmp_path)
    assert torch.equal(resumed, expected)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    assert len(files) == 3
    assert torch.equal(mc_dropout_logits(classifier, TEXTS, passes=2, cache=tmp_path), expected)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")} == files


@pytest.mark.parametrize(("passes", "seed", "batch_size"), [(2, 1, 32), (3, 0, 32), (2, 0, 7)])
def test_other_draws_are_never_taken_from_the_cache(
    classifier: FrozenClassifier, tmp_path: Path, passes: int, seed: int, batch_size: int
) -> None:
    mc_dropout_logits(classifier, TEXTS, passes=2, cache=tmp_path)
    cached, fresh = (
        mc_dropout_logits(classifier, TEXTS, passes=passes, seed=seed, batch_size=batch_size, cache=cache)
        for cache in (tmp_path, None)
    )
    assert torch.equal(cached, fresh)


def test_another_active_adapter_is_refused(tmp_path: Path) -> None:
    classifier = classifier_of(tmp_path)
    model: Any = classifier.model
    model.add_adapter("second", lora("bert"))
    model.set_adapter("second")
    with pytest.raises(ModelError, match="the active adapter is 'second', this head belongs to 'default'"):
        mc_dropout_logits(classifier, TEXTS)
