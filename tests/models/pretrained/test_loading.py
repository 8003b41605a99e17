import json
from pathlib import Path

import pytest
import torch

from adue.foundation.errors import ArtifactError, ModelError
from adue.models.pretrained import load_classifier
from tests.support.tiny import CONFIGS, save_tiny_base

FRESH = {
    "bert": {"classifier"},
    "roberta": {"classifier.dense", "classifier.out_proj"},
    "electra": {"classifier.dense", "classifier.out_proj"},
    "distilbert": {"pre_classifier", "classifier"},
    "deberta-v2": {"pooler.dense", "classifier"},
    "modernbert": {"head.dense", "head.norm", "classifier"},
}


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.mark.parametrize("model_type", CONFIGS)
def test_a_bare_checkpoint_gets_a_fresh_head_and_says_so(tmp_path: Path, model_type: str) -> None:
    loaded = load_classifier(str(save_tiny_base(tmp_path, model_type)), num_labels=3)
    assert not loaded.model.training
    assert loaded.model.num_labels == 3
    assert {key.rsplit(".", 1)[0] for key in loaded.fresh_keys} == FRESH.get(model_type, {"score"})
    assert loaded.fresh_keys == tuple(sorted(loaded.fresh_keys))
    assert loaded.revision is None


def test_a_checkpoint_with_a_head_has_nothing_fresh_and_keeps_its_classes(tmp_path: Path) -> None:
    loaded = load_classifier(str(save_tiny_base(tmp_path, "bert", with_head=True, num_labels=5)))
    assert loaded.fresh_keys == ()
    assert loaded.model.num_labels == 5


def test_the_names_of_the_classes_reach_the_model(tmp_path: Path) -> None:
    loaded = load_classifier(str(save_tiny_base(tmp_path, "bert")), id2label={0: "no", 1: "maybe", 2: "yes"})
    assert loaded.model.num_labels == 3
    assert loaded.model.config.id2label == {0: "no", 1: "maybe", 2: "yes"}
    assert loaded.model.config.label2id == {"no": 0, "maybe": 1, "yes": 2}


def test_the_checkpoint_decides_on_the_dtype_unless_told(tmp_path: Path) -> None:
    base = str(save_tiny_base(tmp_path, "llama", dtype=torch.bfloat16))
    assert load_classifier(base).model.dtype == torch.bfloat16
    assert load_classifier(base, dtype=torch.float32).model.dtype == torch.float32


def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    base = str(save_tiny_base(tmp_path, "bert"))
    capfd.readouterr()
    load_classifier(base, num_labels=3)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("model_type", ["llama", "gpt2"])
def test_without_a_padding_token_the_end_token_serves_in_tokenizer_and_model(tmp_path: Path, model_type: str) -> None:
    loaded = load_classifier(str(save_tiny_base(tmp_path, model_type, pad_token=False)))
    assert loaded.tokenizer.pad_token == loaded.tokenizer.eos_token
    assert loaded.model.config.pad_token_id == loaded.tokenizer.pad_token_id
    batch = loaded.tokenizer(["good movie", "the plot is very bad"], padding=True, return_tensors="pt")
    alone = loaded.tokenizer(["good movie"], return_tensors="pt")
    torch.testing.assert_close(loaded.model(**batch).logits[:1], loaded.model(**alone).logits)


def test_a_padding_token_known_to_the_tokenizer_alone_reaches_the_model(tmp_path: Path) -> None:
    base = save_tiny_base(tmp_path, "llama")
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"pad_token_id": None}))
    loaded = load_classifier(str(base))
    assert loaded.tokenizer.pad_token == "[PAD]"
    assert loaded.model.config.pad_token_id == 0


def test_a_padding_token_without_an_embedding_is_not_used(tmp_path: Path) -> None:
    base = save_tiny_base(tmp_path, "llama", pad_token=False)
    loaded = load_classifier(str(base))
    loaded.tokenizer.add_special_tokens({"pad_token": "<beyond>"})
    loaded.tokenizer.save_pretrained(base)
    again = load_classifier(str(base))
    assert again.tokenizer.pad_token == again.tokenizer.eos_token


def test_a_head_of_another_size_names_both_numbers(tmp_path: Path) -> None:
    base = str(save_tiny_base(tmp_path, "bert", with_head=True, num_labels=3))
    with pytest.raises(ModelError, match=r"head of base model '.*' has 3 classes, 2 were asked for; use 3 classes, or"):
        load_classifier(base, num_labels=2)


def test_num_labels_and_id2label_must_agree(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="num_labels is 2, id2label names 3 classes; give one of the two"):
        load_classifier(str(tmp_path), num_labels=2, id2label={0: "a", 1: "b", 2: "c"})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/no/such/folder", "there is no folder '/no/such/folder'; .* with --base-model"),
        ("./nowhere", r"there is no folder './nowhere'"),
        ("nobody/nothing", "'nobody/nothing' is neither a folder nor in the local Hugging Face cache.* --base-model"),
        ("nothing", "'nothing' is neither a folder nor in the local Hugging Face cache"),
    ],
)
def test_a_base_model_that_is_not_there_is_named_with_the_option(name: str, words: str) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        load_classifier(name)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_usable_config_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config.json of base model '.*' is not one that transformers knows"):
        load_classifier(str(tmp_path))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"holds no readable config.json"):
        load_classifier(str(tmp_path))


def test_a_missing_tokenizer_says_so(tmp_path: Path) -> None:
    base = save_tiny_base(tmp_path, "bert")
    for file in base.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(ModelError, match=r"has no tokenizer that can be read .* tokenizer.json"):
        load_classifier(str(base))


def test_weights_that_are_absent_or_pickled_are_refused(tmp_path: Path) -> None:
    base = save_tiny_base(tmp_path, "bert")
    (base / "model.safetensors").rename(base / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"has no safetensors weights .* adue reads no pickled .bin files"):
        load_classifier(str(base))


@pytest.mark.parametrize("kept", [0, 0.5])
def test_truncated_weights_say_so(tmp_path: Path, kept: float) -> None:
    weights = save_tiny_base(tmp_path, "bert") / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(ArtifactError, match=r"damaged or cut short .*; fetch them again") as caught:
        load_classifier(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_weights_that_lack_layers_are_not_filled_with_noise(tmp_path: Path) -> None:
    base = save_tiny_base(tmp_path, "bert")
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    with pytest.raises(ArtifactError, match=r"incomplete: 16 tensors such as bert.encoder.layer.2"):
        load_classifier(str(base))


def test_weights_of_another_size_do_not_fit(tmp_path: Path) -> None:
    base = save_tiny_base(tmp_path, "bert")
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"intermediate_size": 64}))
    with pytest.raises(ArtifactError, match=r"do not fit its config.json: bert.* \(32,\), expected \(64"):
        load_classifier(str(base))
