import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM

from adue.foundation.errors import AdueError, ArtifactError, DataWarning, ModelError
from adue.models.pretrained import load_classifier
from tests.support.tiny import CONFIGS, DECODERS, save_tiny_base, tiny_tokenizer

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
def test_without_a_padding_token_the_end_token_serves_in_tokenizer_and_model_and_that_is_said(
    tmp_path: Path, model_type: str
) -> None:
    with pytest.warns(
        DataWarning, match=r"^base model '.*' names no padding token .* the end token '\[SEP\]' is taken"
    ):
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
    tokenizer = tiny_tokenizer(decoder=True, pad_token=False)
    tokenizer.add_special_tokens({"pad_token": "<beyond>"})
    tokenizer.save_pretrained(base)
    with pytest.warns(DataWarning, match="no padding token with an embedding"):
        loaded = load_classifier(str(base))
    assert loaded.tokenizer.pad_token == loaded.tokenizer.eos_token


def test_a_decoder_pads_as_its_own_configuration_says_where_the_tokenizer_beside_it_differs(tmp_path: Path) -> None:
    base = save_tiny_base(tmp_path, "llama")
    tokenizer = tiny_tokenizer(decoder=True)
    tokenizer.pad_token = "[SEP]"
    tokenizer.save_pretrained(base)
    loaded = load_classifier(str(base))
    assert (loaded.tokenizer.pad_token, loaded.model.config.pad_token_id) == ("[PAD]", 0)


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


@pytest.mark.parametrize("with_head", [False, True])
def test_layers_beyond_those_of_the_configuration_are_not_dropped(tmp_path: Path, with_head: bool) -> None:
    base = save_tiny_base(tmp_path, "bert", with_head=with_head)
    edit(base / "config.json", num_hidden_layers=1)
    with pytest.raises(
        ArtifactError, match=r"^16 tensors of base model '.*' have no place .* such as .*layer\.1\..*, "
    ):
        load_classifier(str(base))


@pytest.mark.parametrize("model_type", ["bert", "roberta", "electra", "distilbert", "deberta-v2", "llama", "gpt2"])
def test_the_head_of_pretraining_is_no_surplus(tmp_path: Path, model_type: str) -> None:
    save_tiny_base(tmp_path, model_type)
    auto: Any = AutoModelForCausalLM if model_type in DECODERS else AutoModelForMaskedLM
    auto.from_config(CONFIGS[model_type]()).save_pretrained(tmp_path)
    assert load_classifier(str(tmp_path), num_labels=3).model.num_labels == 3


def test_a_tensor_of_a_whole_classifier_without_a_place_is_refused(tmp_path: Path) -> None:
    save_tiny_base(tmp_path, "bert", with_head=True)
    weights = load_file(tmp_path / "model.safetensors")
    save_file(weights | {"classifier.scale": torch.ones(2)}, tmp_path / "model.safetensors", {"format": "pt"})
    assert load_classifier(str(tmp_path)).fresh_keys == ()  # beside a base model it does nothing
    with pytest.raises(ArtifactError, match=r"^1 tensors of base model .* such as classifier\.scale, so that"):
        load_classifier(str(tmp_path), whole=True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}},
            r"are quantised \(bitsandbytes\) and cannot be read here \(.*bitsandbytes.*\); install the package",
        ),
        ({"quantization_config": {"quant_method": "awq", "bits": 4}}, r"are quantised \(awq\)"),
        ({"quantization_config": {"quant_method": "gptq", "bits": 4}}, r"are quantised \(gptq\)"),
        ({"quantization_config": {"quant_method": "compressed-tensors"}}, r"are quantised \(compressed-tensors\)"),
        ({"quantization_config": {"bits": 4}}, r"are quantised \(by an unknown method\)"),
        (
            {"hidden_act": "unheard-of"},
            r"\(bert\) cannot be loaded as a sequence classifier \(.*unheard-of.*\); give another",
        ),
        ({"num_attention_heads": 3}, r"cannot be loaded as a sequence classifier \(.*multiple.*\)"),
        ({"hidden_size": "16"}, r"base model '.*'"),
        ({"num_hidden_layers": None}, r"base model '.*'"),
    ],
)
def test_what_transformers_cannot_load_is_one_line_with_its_reason(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    base = save_tiny_base(tmp_path, "bert")
    edit(base / "config.json", **changes)
    with pytest.raises(AdueError, match=words) as caught:
        load_classifier(str(base))
    assert "\n" not in str(caught.value)


def test_a_gguf_file_is_named(tmp_path: Path) -> None:
    save_tiny_base(tmp_path, "bert")
    for file in tmp_path.iterdir():
        file.unlink()
    (tmp_path / "model.gguf").touch()
    with pytest.raises(ModelError, match=r"config\.json \(a GGUF file is there, which adue does not read\)"):
        load_classifier(str(tmp_path))


def test_a_tokenizer_of_a_newer_version_is_one_line(tmp_path: Path) -> None:
    base = save_tiny_base(tmp_path, "bert")
    inner = json.loads((base / "tokenizer.json").read_text())
    (base / "tokenizer.json").write_text(json.dumps(inner | {"model": inner["model"] | {"type": "Newer"}}))
    with pytest.raises(ModelError, match=r"made by a newer version of tokenizers .*; upgrade transformers and token"):
        load_classifier(str(base))


def test_tokens_without_an_embedding_are_refused_with_both_sizes(tmp_path: Path) -> None:
    base = save_tiny_base(tmp_path, "bert")
    tokenizer = tiny_tokenizer(decoder=False)
    tokenizer.add_tokens([f"[USER{number}]" for number in range(6)])
    tokenizer.save_pretrained(base)
    words = r"has 43 tokens, the model has embeddings for 37: '\[USER0\]', '\[USER1\]', .* \.\.\. would have none; save"
    with pytest.raises(ModelError, match=words):
        load_classifier(str(base))


def edit(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
