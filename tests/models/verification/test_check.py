"""A reload that answers otherwise is refused, and one that only rounds otherwise is not."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import pytest
import torch
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file, save_file

from adue import AdueModel, ArtifactError
from adue.models.features.classifier import FrozenClassifier
from tests.models.verification.conftest import Saved, SavedOf
from tests.support.adapters import QUICK, labelled_texts, random_texts
from tests.support.graphs import traced_once

__all__ = ["traced_once"]

REFUSED = (
    r"^the classifier does not answer as when its head was fitted: on the fixed probe logits are \S+ of their size"
)


def lora_alpha(saved: Saved, times: float) -> None:
    config = json.loads((saved.adapter / "adapter_config.json").read_text(encoding="utf-8"))
    saved.edit("adapter_config.json", lora_alpha=config["lora_alpha"] * times)


def move_weights(saved: Saved, name: str, share: float) -> None:
    """Let the base model be another revision: one matrix of it moves by `share` of its size."""
    path = saved.base / "model.safetensors"
    tensors = load_file(path)
    (key,) = [key for key in tensors if key.endswith(name)]
    tensors[key] *= 1 + share * torch.randn_like(tensors[key])
    save_file(tensors, path, metadata={"format": "pt"})


def pad_with_the_end(saved: Saved) -> None:
    saved.edit("base/tokenizer_config.json", pad_token="[SEP]")
    saved.edit("base/config.json", pad_token_id=3)


EDITS: dict[str, tuple[str, Callable[[Saved], None]]] = {
    "another revision of the base model": (
        "bert",
        lambda saved: move_weights(saved, "layer.0.attention.self.query.weight", 0.01),
    ),
    "another layer of the base model": (
        "llama",
        lambda saved: move_weights(saved, "layers.1.mlp.up_proj.weight", 0.01),
    ),
    "another activation": ("bert", lambda saved: saved.edit("base/config.json", hidden_act="gelu_new")),
    "another epsilon of the norms": ("bert", lambda saved: saved.edit("base/config.json", layer_norm_eps=1e-3)),
    "other rotary positions": (
        "llama",
        lambda saved: saved.edit("base/config.json", rope_parameters={"rope_type": "default", "rope_theta": 500.0}),
    ),
    "a token of texts taken for padding": ("llama", pad_with_the_end),
}


@pytest.mark.parametrize("what", EDITS)
def test_a_reload_that_answers_otherwise_is_refused(copy_of: SavedOf, what: str) -> None:
    model_type, edit = EDITS[what]
    saved = copy_of(model_type)
    saved.load()
    edit(saved)
    with pytest.raises(ArtifactError, match=REFUSED) as caught:
        saved.load()
    assert "\n" not in str(caught.value)
    assert "changed since: no version and no setting, so the base model or the tokenizer is another" in str(
        caught.value
    )
    assert saved.load(check_answers=False).fitted is not None
    assert saved.load(with_head=False).fitted is None


SETTINGS: dict[str, tuple[Callable[[Saved], None], str]] = {
    "another scale": (lambda saved: lora_alpha(saved, 1.125), r"lora_alpha 8 to 9\.0"),
    "no scale": (lambda saved: lora_alpha(saved, 0), "lora_alpha 8 to 0"),
    "rank-stabilised": (lambda saved: saved.edit("adapter_config.json", use_rslora=True), "use_rslora False to True"),
    "a pattern": (
        lambda saved: saved.edit("adapter_config.json", alpha_pattern={"query": 16}),
        r"alpha_pattern \{\} to \{'query': 16\}",
    ),
}


@pytest.mark.parametrize("options", [{}, {"merge": True}, {"dtype": torch.bfloat16}], ids=str)
@pytest.mark.parametrize("what", SETTINGS)
def test_how_strongly_an_adapter_acts_is_compared_exactly_in_every_type(
    copy_of: SavedOf, what: str, options: dict[str, Any]
) -> None:
    saved, (edit, words) = copy_of("bert"), SETTINGS[what]
    edit(saved)
    expected = rf"^adapter_config\.json is not as when the head was fitted: {words}, which changes answers; copy the f"
    with pytest.raises(ArtifactError, match=expected):
        saved.load(**options)
    assert saved.load(check_answers=False, **options).fitted is not None


def test_an_adapter_that_a_library_does_not_apply_is_refused(
    saved_of: SavedOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LoraLayer, "active_adapters", [])
    with pytest.raises(ArtifactError, match=REFUSED):
        saved_of("llama").load(dtype=torch.bfloat16)


def test_padding_that_the_model_looks_at_is_refused(saved_of: SavedOf, monkeypatch: pytest.MonkeyPatch) -> None:
    collate = FrozenClassifier.collate

    def unmasked(self: FrozenClassifier, encodings: Any) -> Any:
        batch = collate(self, encodings)
        return {**batch, "attention_mask": torch.ones_like(batch["attention_mask"])}

    monkeypatch.setattr(FrozenClassifier, "collate", unmasked)
    with pytest.raises(ArtifactError, match=REFUSED):
        saved_of("bert").load()


def test_attention_that_a_library_computes_otherwise_is_refused(
    saved_of: SavedOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = torch.nn.functional.scaled_dot_product_attention
    monkeypatch.setattr(
        torch.nn.functional,
        "scaled_dot_product_attention",
        lambda *args, **options: right(*args, **options | {"scale": 0.9 * options.get("scale", 1.0)}),
    )
    with pytest.raises(ArtifactError, match=REFUSED):
        saved_of("llama").load()


def test_the_refusal_names_what_changed_and_what_to_do(copy_of: SavedOf) -> None:
    saved = copy_of("bert")
    model = saved.load()
    assert model.fitted is not None
    assert model.fitted.answers is not None
    setup = model.fitted.answers.setup
    older = setup.model_copy(update={"versions": setup.versions | {"transformers": "5.0.0"}})
    answers = model.fitted.answers.model_copy(update={"setup": older})
    config = model.fitted.config.model_copy(update={"answers_sha256": answers.sha256})
    model.fitted = replace(model.fitted, config=config, answers=answers)
    model.save_pretrained(saved.adapter)
    saved.edit("base/config.json", layer_norm_eps=1.0)
    words = (
        rf"apart \(allowed: 0\.08\), U \S+ \(allowed: 0\.08\); changed since: transformers 5\.0\.0 to "
        rf"{re.escape(version('transformers'))}, dtype float32 to bfloat16, merged False to True; load it as it was "
        r"fitted, fit the head again with adue fit, or look closer with adue verify$"
    )
    with pytest.raises(ArtifactError, match=words):
        saved.load(dtype=torch.bfloat16, merge=True)


@pytest.mark.parametrize("model_type", ["bert", "llama"])
@pytest.mark.parametrize(
    "options",
    [
        {"merge": True},
        {"dtype": torch.float64},
        {"dtype": torch.float16},
        {"dtype": torch.bfloat16},
        {"dtype": torch.bfloat16, "merge": True},
        {"max_length": 9},
    ],
    ids=str,
)
def test_a_reload_that_rounds_otherwise_is_not(saved_of: SavedOf, model_type: str, options: dict[str, Any]) -> None:
    model = saved_of(model_type).load(**options)
    checked = model.verify(random_texts(160))
    assert checked.probe is not None
    assert checked.probe.within(checked.tolerance)
    assert len(checked.texts) == checked.stored == 12


@pytest.mark.usefixtures("traced_once")
def test_onnx_runtime_answers_alike(saved_of: SavedOf, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADUE_CACHE_DIR", str(tmp_path))
    checked = saved_of("bert").load(backend="onnx").verify(random_texts(160))
    assert checked.agrees
    assert checked.then.changes(checked.now) == ["backend torch to onnx"]


def test_rows_that_are_given_again_are_found_and_answered_as_they_were(saved_of: SavedOf) -> None:
    texts = ["unheard", *random_texts(160), *random_texts(160)]
    checked = saved_of("bert").load().verify(iter(texts))
    assert checked.agrees
    assert len({texts[one.index] for one in checked.texts}) == checked.stored == 12
    assert all(one.tokens[0] == one.tokens[1] and one.labels[0] == one.labels[1] for one in checked.texts)
    assert saved_of("bert").load().verify(["unheard"]).texts == ()


def test_a_row_that_is_read_otherwise_is_named(saved_of: SavedOf) -> None:
    checked = saved_of("bert").load(max_length=4).verify(random_texts(160))
    assert not checked.agrees
    assert {one.tokens[1] for one in checked.differing} == {4}
    assert all(one.tokens[0] > 4 for one in checked.differing)


def test_features_without_texts_keep_the_probe_alone(saved_of: SavedOf, copy_of: SavedOf) -> None:
    saved = copy_of("bert")
    model = saved.load()
    rows = labelled_texts(model)
    features = model.extract(rows["text"], rows["label"])
    model.fit_features(features, features, grid="fast", settings=QUICK).save_pretrained(saved.adapter)
    with pytest.raises(
        ArtifactError, match=r"no answers to texts are stored .* fitted on features; fit the head again"
    ):
        saved.load().verify(rows["text"])
    saved.edit("base/config.json", layer_norm_eps=1.0)
    with pytest.raises(ArtifactError, match=REFUSED):
        saved.load()


def test_the_head_of_an_older_adue_loads_and_verify_says_what_to_do(copy_of: SavedOf) -> None:
    saved = copy_of("bert")
    (saved.adapter / "adue_answers.json").unlink()
    config = json.loads((saved.adapter / "adue_config.json").read_text(encoding="utf-8"))
    del config["answers_sha256"]
    (saved.adapter / "adue_config.json").write_text(json.dumps(config | {"format_version": 2}), encoding="utf-8")
    model: AdueModel = saved.load()
    with pytest.raises(
        ArtifactError, match=r"no answers are stored with this head, which an older adue fitted; fit the"
    ):
        model.verify(["good"])
