"""Every weight of an adapter finds its place, and what does not is refused in one line that names the reason."""

import json
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from peft import LoraConfig, PeftConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from torch import Tensor

from adue import AdueError, AdueModel, ArtifactError, DataWarning, ModelError
from adue.models.trained.origin import origin_in_memory
from adue.models.trained.write import save_classifier
from tests.support.adapters import HEAD_MODULES, lora, random_texts, randomise, save_tiny_adapter, tiny_classifier
from tests.support.tiny import VOCABULARY, save_tiny_base, tiny_tokenizer

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
TEXTS = random_texts(20)


def load(folder: Path, **options: Any) -> AdueModel:
    return AdueModel.from_pretrained(folder, with_head=False, **options)


def one_by_one(model: Any, tokenizer: Any, texts: Sequence[str] = TEXTS) -> Tensor:
    """Return the logits of `texts` as transformers and PEFT give them, text by text."""
    with torch.no_grad():
        rows = [model(**tokenizer([text], return_tensors="pt", return_token_type_ids=False)).logits for text in texts]
    return torch.cat(rows)


def change(folder: Path, make: Callable[[dict[str, Tensor]], dict[str, Tensor]]) -> None:
    save_file(make(load_file(folder / WEIGHTS)), folder / WEIGHTS)


def edit(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    return save_tiny_adapter(tmp_path, "bert")


@pytest.fixture(params=["bert", "llama"])
def model_type(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def attention(model_type: str) -> list[str]:
    return ["query", "value"] if model_type == "bert" else ["q_proj", "v_proj"]


def embedding(model_type: str) -> str:
    return "word_embeddings" if model_type == "bert" else "embed_tokens"


class TestSurplus:
    def test_an_adapter_of_a_deeper_model_is_refused_with_two_names_and_the_cure(self, tmp_path: Path) -> None:
        folder = save_tiny_adapter(tmp_path, "bert", num_hidden_layers=4)
        other = save_tiny_base(tmp_path / "other", "bert", num_hidden_layers=2)
        words = r"^\d+ tensors of the adapter .* no place .*such as .*layer\.2\.\S*, .*layer\.2\.\S*; .* --base-model"
        with pytest.raises(ModelError, match=words):
            load(folder, base_model=str(other))

    @pytest.mark.parametrize(
        "surplus", ["base_model.model.bert.encoder.layer.0.attention.self.query.lora_magnitude_vector", "anything"]
    )
    def test_any_tensor_without_a_place_is_refused(self, bert: Path, surplus: str) -> None:
        change(bert, lambda tensors: tensors | {surplus: torch.ones(16)})
        with pytest.raises(ModelError, match=f"^1 tensors of the adapter .* such as {surplus}"):
            load(bert)

    def test_a_switch_of_the_configuration_that_was_lost_is_noticed(self, tmp_path: Path) -> None:
        folder = save_tiny_adapter(tmp_path, "bert", lora("bert", use_dora=True))
        edit(folder / CONFIG, use_dora=False)
        with pytest.raises(ModelError, match="lora_magnitude_vector"):
            load(folder)


KINDS: dict[str, Callable[[str, dict[str, Any]], PeftConfig]] = {
    "LoRA": lambda _, common: LoraConfig(**common),
    "rank_pattern": lambda t, common: LoraConfig(
        **common, rank_pattern={attention(t)[0]: 3}, alpha_pattern={attention(t)[1]: 5}
    ),
    "bias": lambda _, common: LoraConfig(**common, bias="all"),
    "lora_bias": lambda _, common: LoraConfig(**common, lora_bias=True),
    "embeddings saved": lambda t, common: LoraConfig(
        **common | {"modules_to_save": [*common["modules_to_save"], embedding(t)]}
    ),
    "LoRA on embeddings": lambda t, common: LoraConfig(
        **common | {"target_modules": [*common["target_modules"], embedding(t)]}
    ),
    "trainable tokens": lambda t, common: LoraConfig(**common, trainable_token_indices={embedding(t): [5, 6]}),
    "target_parameters": lambda t, common: LoraConfig(
        **common | {"target_parameters": [f"{attention(t)[0]}.weight"], "target_modules": []}
    ),
    "AdaLoRA": lambda _, common: peft.AdaLoraConfig(**common, total_step=10),
    "VeRA": lambda _, common: peft.VeraConfig(**common),
    "VeRA without its projection": lambda _, common: peft.VeraConfig(**common, save_projection=False),
    "LoHa": lambda _, common: peft.LoHaConfig(**common),
    "LoKr": lambda _, common: peft.LoKrConfig(**common),
    "OFT": lambda _, common: peft.OFTConfig(**common, oft_block_size=4),
    "FourierFT": lambda _, common: peft.FourierFTConfig(**common, n_frequency=10),
    "VB-LoRA": lambda _, common: peft.VBLoRAConfig(**common, num_vectors=8, vector_length=4, topk=2),
    "HRA": lambda _, common: peft.HRAConfig(**common),
    "LN tuning": lambda t, common: peft.LNTuningConfig(
        **common | {"target_modules": ["LayerNorm"] if t == "bert" else ["input_layernorm"]}
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_adapters_of_every_kind_give_the_logits_of_peft(tmp_path: Path, model_type: str, kind: str) -> None:
    torch.manual_seed(0)
    base = save_tiny_base(tmp_path / "base", model_type, num_labels=3, initializer_range=0.3)
    common = {
        "task_type": "SEQ_CLS",
        "target_modules": attention(model_type),
        "modules_to_save": HEAD_MODULES.get(model_type, ["classifier"]),
    }
    with warnings.catch_warnings(action="ignore"):
        model = get_peft_model(tiny_classifier(base), KINDS[kind](model_type, common))
        randomise(model)
        model.save_pretrained(str(tmp_path / "adapter"))
        plain = PeftModel.from_pretrained(tiny_classifier(base), str(tmp_path / "adapter")).eval()
        loaded = load(tmp_path / "adapter").classifier
    assert torch.equal(one_by_one(loaded.model, loaded.tokenizer), one_by_one(plain, loaded.tokenizer))


class TestVocabulary:
    @pytest.mark.parametrize("way", ["resized", "saved", "LoRA", "trainable tokens"])
    def test_embeddings_saved_with_the_adapter_resize_the_base_model(
        self, tmp_path: Path, model_type: str, way: str
    ) -> None:
        tokenizer = tiny_tokenizer(decoder=model_type == "llama")
        tokenizer.add_tokens(["[USER]"])
        model = tiny_classifier(save_tiny_base(tmp_path / "base", model_type, initializer_range=0.3))
        model.resize_token_embeddings(len(tokenizer))
        name, head = embedding(model_type), HEAD_MODULES.get(model_type, ["classifier"])
        ways: dict[str, dict[str, Any]] = {
            "resized": {},
            "saved": {"modules_to_save": [*head, name]},
            "LoRA": {"target_modules": [name, *attention(model_type)]},
            "trainable tokens": {"trainable_token_indices": {name: [len(VOCABULARY)]}},
        }
        trained = get_peft_model(model, lora(model_type, **ways[way])).eval()
        randomise(trained)
        folder = tmp_path / "adapter"
        with pytest.warns(UserWarning, match="save_embedding_layers"):
            trained.save_pretrained(str(folder))
        tokenizer.save_pretrained(folder)
        texts = ["[USER] good film", *TEXTS]
        expected = one_by_one(trained, tokenizer, texts)
        loaded = load(folder)
        assert torch.equal(one_by_one(loaded.classifier.model, loaded.classifier.tokenizer, texts), expected)
        # Saved again, from the file and from memory, nothing of it is lost.
        for number, one in enumerate((loaded, AdueModel(trained, tokenizer))):
            save_classifier(one.classifier, tmp_path / str(number), one.origin)
            again = load(tmp_path / str(number)).classifier
            assert torch.equal(one_by_one(again.model, again.tokenizer, texts), expected)

    def test_added_tokens_without_embeddings_are_refused_with_both_sizes(self, bert: Path) -> None:
        tokenizer = tiny_tokenizer(decoder=False)
        tokenizer.add_tokens(["[USER]"])
        tokenizer.save_pretrained(bert)
        words = (
            r"^the tokenizer of the adapter .* has 38 tokens, the model has embeddings for 37: '\[USER\]' would have"
        )
        with pytest.raises(ModelError, match=words):
            load(bert)

    def test_a_vocabulary_without_its_configuration_is_refused(self, bert: Path) -> None:
        tiny_tokenizer(decoder=False).save_pretrained(bert)
        (bert / "tokenizer_config.json").unlink()
        with pytest.raises(
            ModelError, match=r"has a tokenizer\.json without its tokenizer_config\.json; copy it there"
        ):
            load(bert)


class TestOtherKinds:
    @pytest.mark.parametrize("kind", ["PromptTuningConfig", "PromptEncoderConfig", "PrefixTuningConfig"])
    def test_prompt_learning_is_refused_by_its_name(self, tmp_path: Path, model_type: str, kind: str) -> None:
        model = tiny_classifier(save_tiny_base(tmp_path / "base", model_type))
        config = getattr(peft, kind)(task_type="SEQ_CLS", num_virtual_tokens=4)
        adapted = get_peft_model(model, config)
        adapted.save_pretrained(str(tmp_path / "adapter"))
        with pytest.raises(
            ModelError, match=r"^the adapter .* is prompt learning \(P\w+\): .*; use an adapter of the wei"
        ):
            load(tmp_path / "adapter")
        with pytest.raises(ModelError, match=r"^the adapter is prompt learning"):
            AdueModel(adapted, tiny_tokenizer(decoder=model_type == "llama"))

    @pytest.mark.parametrize("task_type", [None, "CAUSAL_LM", "FEATURE_EXTRACTION", "SEQ_2_SEQ_LM"])
    @pytest.mark.parametrize("named", [False, True])
    def test_a_head_in_the_file_says_more_than_the_task(
        self, tmp_path: Path, model_type: str, task_type: str | None, named: bool
    ) -> None:
        folder = save_tiny_adapter(tmp_path, model_type)
        expected = load(folder).extract(TEXTS).logits
        edit(folder / CONFIG, task_type=task_type, **({} if named else {"modules_to_save": None}))
        assert torch.equal(load(folder).extract(TEXTS).logits, expected)

    def test_without_a_head_the_task_decides_and_may_be_set(self, tmp_path: Path) -> None:
        config = lora("llama", modules_to_save=None, task_type=None, target_modules=["q_proj"])
        folder = save_tiny_adapter(tmp_path, "llama", config, with_head=True)
        edit(folder / CONFIG, task_type="CAUSAL_LM")
        with pytest.raises(
            ModelError, match=r"open it with AdueModelForMultipleChoice, or set task_type to SEQ_CLS in"
        ):
            load(folder)

    @pytest.mark.parametrize("where", ["file", "tensor"])
    def test_a_reward_model_has_no_classes(self, bert: Path, where: str) -> None:
        if where == "file":
            (bert / "value_head.safetensors").touch()
        else:
            change(bert, lambda tensors: tensors | {"v_head.summary.weight": torch.ones(1, 16)})
        with pytest.raises(ModelError, match=r"has a value head .* a reward model gives a score and no classes"):
            load(bert)

    def test_a_head_of_one_output_has_no_classes(self, tmp_path: Path) -> None:
        base = save_tiny_base(tmp_path / "base", "bert", num_labels=3)
        get_peft_model(tiny_classifier(base, 1), lora("bert")).save_pretrained(str(tmp_path / "adapter"))
        with pytest.raises(ModelError, match=r"^the head saved in .* has one output: a regression or a reward model"):
            load(tmp_path / "adapter")

    @pytest.mark.parametrize(("kind", "words"), [("multi_label_classification", "multi-label"), ("regression", "regr")])
    @pytest.mark.parametrize("where", ["base/config.json", "adapter/config.json"])
    def test_what_is_no_class_per_text_is_refused(self, bert: Path, kind: str, words: str, where: str) -> None:
        file = bert.parent / where
        file.write_text(json.dumps((json.loads(file.read_text()) if file.exists() else {}) | {"problem_type": kind}))
        with pytest.raises(
            ModelError, match=rf"^the model is a {words}.*\(problem_type in its config\.json\), and adue"
        ):
            load(bert)

    @pytest.mark.parametrize("record", ["config.json", "adue_training.json"])
    def test_unless_what_was_saved_with_the_adapter_says_that_it_is(self, bert: Path, record: str) -> None:
        edit(bert.parent / "base" / "config.json", problem_type="multi_label_classification")
        (bert / record).write_text('{"problem_type": "single_label_classification"}')
        assert load(bert).extract(TEXTS).logits.shape == (len(TEXTS), 3)


class TestNumbers:
    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
    @pytest.mark.parametrize("part", ["lora_B", "classifier.weight", "classifier.bias"])
    def test_an_adapter_that_diverged_is_named(self, bert: Path, part: str, value: float) -> None:
        change(bert, lambda ts: {k: t * value if part in k and "layer.0" not in k else t for k, t in ts.items()})
        with pytest.raises(ModelError, match=rf"{part}.* of the adapter .* holds (NaN|infinity): training diverged"):
            load(bert)

    def test_a_base_model_that_holds_nan_is_named(self, bert: Path) -> None:
        file = bert.parent / "base" / "model.safetensors"
        weights = load_file(file)
        weights["encoder.layer.1.output.dense.weight"][0, 0] = torch.nan
        save_file(weights, file, {"format": "pt"})
        with pytest.raises(ModelError, match=r"layer\.1\.output\.dense\.\S*weight of the model holds NaN: training"):
            load(bert)

    def test_nan_that_only_some_texts_meet_gives_no_answer(self, bert: Path) -> None:
        file = bert.parent / "base" / "model.safetensors"
        weights = load_file(file)
        weights["embeddings.word_embeddings.weight"][VOCABULARY["actor"]] = torch.nan
        save_file(weights, file, {"format": "pt"})
        model = load(bert)
        model.extract(["good film"])
        with pytest.raises(ModelError, match=r"word_embeddings\.weight of the model holds NaN: training diverged"):
            model.extract(["good film", "actor"])


class TestConfiguration:
    def test_what_a_newer_peft_switched_on_is_refused(self, bert: Path) -> None:
        edit(bert / CONFIG, use_newer=True, newer_size=16, peft_version="9.9.9")
        words = (
            r"settings that peft \S+ does not know: use_newer=True \(peft 9\.9\.9 wrote it\); upgrade peft, or remove"
        )
        with pytest.raises(ArtifactError, match=words):
            load(bert)

    def test_a_number_that_may_be_a_default_is_said(self, bert: Path) -> None:
        edit(bert / CONFIG, newer_size=16, use_newer=False, newer_config=None)
        with pytest.warns(DataWarning, match=r"does not know: newer_size=16 .*; they are left out"):
            load(bert)

    def test_what_is_switched_off_is_passed_over(self, bert: Path) -> None:
        edit(bert / CONFIG, use_newer=False, newer_config={}, newer_list=[], newer_name=None)
        load(bert)

    def test_a_kind_of_a_newer_peft_is_named(self, bert: Path) -> None:
        edit(bert / CONFIG, peft_type="NEWER")
        with pytest.raises(ArtifactError, match=r"peft \S+ does not know the kind NEWER\); upgrade peft"):
            load(bert)

    @pytest.mark.parametrize(
        "edits", [{"r": 3}, {"r": -1}, {"r": "two"}, {"target_modules": 7}, {"target_modules": ["x"]}]
    )
    def test_settings_that_do_not_fit_the_weights_are_one_line_with_the_reason(
        self, bert: Path, edits: dict[str, object]
    ) -> None:
        edit(bert / CONFIG, **edits)
        with pytest.raises(AdueError, match=CONFIG) as caught:
            load(bert)
        assert "\n" not in str(caught.value)

    def test_the_sizes_that_differ_are_shown(self, bert: Path) -> None:
        edit(bert / CONFIG, r=3)
        with pytest.raises(ModelError, match=r"size mismatch for .*\[2, 16\].*\[3, 16\]"):
            load(bert)

    def test_what_cannot_be_merged_is_one_line(self, tmp_path: Path) -> None:
        config = lora("llama", target_modules=["q_proj"], lora_bias=True)
        with warnings.catch_warnings(action="ignore"):
            folder = save_tiny_adapter(tmp_path, "llama", config)
            with pytest.raises(ModelError, match=r"^a LORA adapter cannot be merged \(.*no bias\); leave --merge out$"):
                load(folder, merge=True)


def test_an_adapter_in_memory_without_changed_embeddings_has_no_extra_tensors(bert: Path) -> None:
    model = PeftModel.from_pretrained(tiny_classifier(bert.parent / "base"), str(bert))
    assert origin_in_memory(model).extra_keys == ()
