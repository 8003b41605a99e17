import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import IA3Config, LoraConfig, PeftConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from adue import ArtifactError, ModelError
from adue.foundation.digests import tensors_sha256
from adue.models.features.classifier import FrozenClassifier
from adue.models.folder.read import read_folder
from adue.models.trained.build import LoadedModel, build_model
from adue.models.trained.origin import origin_in_memory
from tests.support.adapters import (
    lora,
    random_texts,
    save_tiny_adapter,
    save_tiny_whole,
    tiny_adapter,
    tiny_classifier,
)
from tests.support.tiny import save_tiny_base, tiny_tokenizer

WEIGHTS = "adapter_model.safetensors"


def load(folder: Path, **options: Any) -> LoadedModel:
    return build_model(read_folder(folder), **options)


def logits(model: nn.Module, rows: int = 10) -> Tensor:
    batch = tiny_tokenizer(decoder=False)(random_texts(rows), padding=True, return_tensors="pt")
    with torch.no_grad():
        answer: Tensor = model(**batch).logits
    return answer


def drop(folder: Path, part: str) -> None:
    """Take every tensor out of the adapter's file whose name holds `part`."""
    kept = {key: tensor for key, tensor in load_file(folder / WEIGHTS).items() if part not in key}
    save_file(kept, folder / WEIGHTS)


def edit(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    return save_tiny_adapter(tmp_path, "bert")


def bare_lora(**options: object) -> LoraConfig:
    """Return LoRA on the attention that saves nothing else."""
    return lora("bert", task_type=None, target_modules=["query", "value"], modules_to_save=None, **options)


class TestWhereTheHeadComesFrom:
    def test_from_the_adapter(self, bert: Path) -> None:
        loaded = load(bert)
        assert loaded.origin.head_source == "adapter"
        assert loaded.origin.sha256 == tensors_sha256(load_file(bert / WEIGHTS))
        saved = load_file(bert / WEIGHTS)["base_model.model.classifier.weight"]
        head = FrozenClassifier.wrap(loaded.model, loaded.tokenizer).head
        assert torch.equal(head.out_weight, saved)

    def test_from_the_base_model(self, tmp_path: Path) -> None:
        folder = save_tiny_adapter(tmp_path, "bert", bare_lora(), with_head=True)
        loaded = load(folder)
        assert loaded.origin.head_source == "base model"
        saved = load_file(tmp_path / "base" / "model.safetensors")["classifier.weight"]
        assert torch.equal(FrozenClassifier.wrap(loaded.model, loaded.tokenizer).head.out_weight, saved)

    def test_never_from_chance(self, tmp_path: Path) -> None:
        folder = save_tiny_adapter(tmp_path, "bert", bare_lora())
        words = (
            f"the weights classifier.bias, classifier.weight are neither in the adapter {folder} nor in its base "
            "model, so the classifier would answer with random ones; train again with modules_to_save=['classifier']"
        )
        with pytest.raises(ModelError, match=re.escape(words)):
            load(folder)

    @pytest.mark.parametrize(
        ("model_type", "lost"),
        [("distilbert", "pre_classifier"), ("deberta-v2", "pooler"), ("modernbert", "head")],
    )
    def test_nor_half_of_it(self, tmp_path: Path, model_type: str, lost: str) -> None:
        # By itself PEFT saves what ends in 'classifier': DistilBERT's first layer is kept by the luck of its name.
        model = tiny_classifier(save_tiny_base(tmp_path / "base", model_type, num_labels=3))
        config = LoraConfig(task_type="SEQ_CLS", target_modules=["q_lin", "query_proj", "Wqkv"])
        get_peft_model(model, config).save_pretrained(str(tmp_path / "adapter"))
        drop(tmp_path / "adapter", f".{lost}.")
        with pytest.raises(ModelError, match=rf"the weights {lost}\..*modules_to_save=\['{lost}'\]"):
            load(tmp_path / "adapter")

    def test_a_head_that_the_configuration_promises_and_the_file_lacks_is_refused(self, tmp_path: Path) -> None:
        folder = save_tiny_adapter(tmp_path, "bert", with_head=True)
        drop(folder, "classifier")
        with pytest.raises(ModelError, match=r"promises: .*classifier\.weight.*save the adapter again"):
            load(folder)

    @pytest.mark.parametrize("with_head", [True, False])
    def test_half_a_head_is_refused(self, tmp_path: Path, with_head: bool) -> None:
        folder = save_tiny_adapter(tmp_path, "bert", with_head=with_head)
        drop(folder, "classifier.bias")
        with pytest.raises(ModelError, match=r"classifier\.bias"):
            load(folder)

    def test_lora_weights_that_are_missing_are_refused(self, bert: Path) -> None:
        drop(bert, "layer.1.attention.self.query.lora_A")
        with pytest.raises(ModelError, match=r"promises: .*layer\.1\.attention\.self\.query\.lora_A"):
            load(bert)


@pytest.mark.parametrize(
    "make",
    [
        lambda: LoraConfig(target_modules="all-linear", r=2),
        lambda: LoraConfig(target_modules=["query", "classifier"], r=2),
        lambda: LoraConfig(target_modules=["query", "classifier"], r=2, use_dora=True),
        lambda: IA3Config(target_modules=["query", "classifier"], feedforward_modules=[]),
    ],
    ids=["all-linear", "LoRA", "DoRA", "IA3"],
)
@pytest.mark.parametrize("merge", [False, True])
def test_an_adapter_on_the_head_itself_is_part_of_the_head(
    tmp_path: Path, make: Callable[[], PeftConfig], merge: bool
) -> None:
    folder = save_tiny_adapter(tmp_path, "bert", make(), with_head=True)
    assert any("classifier" in key for key in load_file(folder / WEIGHTS))
    loaded = load(folder, merge=merge)
    assert loaded.origin.head_source == "base model"
    classifier = FrozenClassifier.wrap(loaded.model, loaded.tokenizer)
    features, answers = classifier.forward(classifier.collate(classifier.tokenize(random_texts(10))))
    torch.testing.assert_close(classifier.head.logits(features), answers, atol=1e-5, rtol=1e-5)
    base = load_file(tmp_path / "base" / "model.safetensors")["classifier.weight"]
    assert not torch.allclose(classifier.head.out_weight, base, atol=1e-3)


def test_an_adapter_on_a_head_that_was_never_saved_is_refused(tmp_path: Path) -> None:
    folder = save_tiny_adapter(tmp_path, "bert", LoraConfig(target_modules=["query", "classifier"], r=2))
    with pytest.raises(ModelError, match=r"the weights classifier\.bias, classifier\.weight are neither"):
        load(folder)


@pytest.mark.parametrize("model_type", ["bert", "roberta", "llama"])
def test_the_adapters_head_takes_the_place_of_the_base_models_with_other_classes(
    tmp_path: Path, model_type: str
) -> None:
    base = save_tiny_base(tmp_path / "base", model_type, with_head=True, num_labels=5, initializer_range=0.3)
    trained = tiny_adapter(base, model_type, num_labels=3)
    trained.save_pretrained(str(tmp_path / "adapter"))
    loaded = load(tmp_path / "adapter")
    assert loaded.origin.head_source == "adapter"
    assert len(loaded.origin.id2label) == 3
    assert torch.equal(logits(loaded.model), logits(trained))


def test_a_base_models_head_with_other_classes_does_for_no_adapter_without_one(tmp_path: Path) -> None:
    folder = save_tiny_adapter(tmp_path, "bert", bare_lora(), with_head=True)
    with pytest.raises(ModelError, match=r"has 3 classes, 2 were asked for"):
        load(folder, id2label={0: "no", 1: "yes"})


class TestNamesOfClasses:
    def test_as_given(self, bert: Path) -> None:
        names = {0: "bad", 1: "so so", 2: "good"}
        assert load(bert, id2label=names).origin.id2label == names

    def test_as_saved_in_training(self, bert: Path) -> None:
        (bert / "adue_training.json").write_text('{"id2label": {"0": "a", "1": "b", "2": "c"}, "max_length": 32}')
        origin = load(bert).origin
        assert origin.id2label == {0: "a", 1: "b", 2: "c"}
        assert origin.max_length == 32

    @pytest.mark.parametrize("whole", [False, True])
    def test_as_given_when_a_head_was_fitted_rather_than_in_training(self, tmp_path: Path, whole: bool) -> None:
        folder = save_tiny_whole(tmp_path, "bert") if whole else save_tiny_adapter(tmp_path, "bert")
        (folder / "adue_training.json").write_text('{"id2label": {"0": "0", "1": "1", "2": "2"}}')
        (folder / "adue_config.json").write_text('{"id2label": {"0": "a", "1": "b", "2": "c"}}')
        assert load(folder).origin.id2label == {0: "a", 1: "b", 2: "c"}

    def test_as_in_the_base_model(self, bert: Path) -> None:
        assert load(bert).origin.id2label == {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}

    def test_as_in_a_config_beside_the_adapter_where_adue_wrote_none(self, bert: Path) -> None:
        (bert / "config.json").write_text('{"id2label": {"0": "x", "1": "y", "2": "z"}}')
        assert load(bert).origin.id2label == {0: "x", 1: "y", 2: "z"}
        (bert / "adue_training.json").write_text('{"id2label": {"0": "a", "1": "b", "2": "c"}}')
        assert load(bert).origin.id2label == {0: "a", 1: "b", 2: "c"}

    @pytest.mark.parametrize("broken", ["[", '{"id2label": {"a": "x"}}', '{"id2label": ["x", "y", "z"]}'])
    def test_broken_ones_are_passed_over(self, bert: Path, broken: str) -> None:
        for name in ("config.json", "adue_training.json", "adue_config.json"):
            (bert / name).write_text(broken)
        assert load(bert).origin.id2label == {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}

    def test_too_few_are_refused(self, bert: Path) -> None:
        with pytest.raises(ModelError, match="has 3 classes, but 2 names were given; give one name per class"):
            load(bert, id2label={0: "bad", 1: "good"})

    @pytest.mark.parametrize("door", ["given", "adue_config.json", "adue_training.json", "config.json"])
    def test_two_classes_of_one_name_are_refused_by_every_door(self, bert: Path, door: str) -> None:
        if door != "given":
            (bert / door).write_text('{"id2label": {"0": "other", "1": "spam", "2": "other"}}')
        names = {0: "other", 1: "spam", 2: "other"} if door == "given" else None
        with pytest.raises(ModelError, match=r"two classes are called 'other' .*; give each a name .* --labels"):
            load(bert, id2label=names)

    @pytest.mark.parametrize("whole", [False, True])
    def test_two_of_one_name_in_the_base_or_whole_model_are_refused(self, tmp_path: Path, whole: bool) -> None:
        if whole:
            folder = config = save_tiny_whole(tmp_path, "bert")
        else:
            folder, config = save_tiny_adapter(tmp_path, "bert", bare_lora(), with_head=True), tmp_path / "base"
        edit(config / "config.json", id2label={"0": "other", "1": "spam", "2": "other"})
        with pytest.raises(ModelError, match="are called 'other'"):
            load(folder)
        assert load(folder, id2label={0: "a", 1: "b", 2: "c"}).origin.id2label == {0: "a", 1: "b", 2: "c"}

    def test_ids_that_do_not_count_from_0_are_refused(self, bert: Path) -> None:
        with pytest.raises(ModelError, match="have the ids 1, 2, 3, not 0 to 2; give them with --labels"):
            load(bert, id2label={1: "a", 2: "b", 3: "c"})


class TestTheBaseModel:
    def test_may_lie_elsewhere(self, bert: Path, tmp_path: Path) -> None:
        expected = logits(load(bert).model)
        (tmp_path / "base").rename(tmp_path / "moved")
        with pytest.raises(ModelError, match=r"there is no folder '.*base'; give a folder or hub id with --base-model"):
            load(bert)
        loaded = load(bert, base_model=str(tmp_path / "moved"))
        assert torch.equal(logits(loaded.model), expected)
        assert loaded.origin.base_model == str(tmp_path / "moved")

    def test_has_to_be_named(self, bert: Path) -> None:
        edit(bert / "adapter_config.json", base_model_name_or_path=None)
        with pytest.raises(ModelError, match=r"adapter_config\.json names no base model; give it with --base-model"):
            load(bert)

    def test_of_other_sizes_is_refused_in_one_line(self, bert: Path, tmp_path: Path) -> None:
        other = save_tiny_base(tmp_path / "other", "bert", num_labels=3, hidden_size=8)
        with pytest.raises(ModelError, match=r"does not fit its base model .*check --base-model") as caught:
            load(bert, base_model=str(other))
        assert "\n" not in str(caught.value)

    def test_of_another_architecture_is_refused_in_one_line(self, bert: Path, tmp_path: Path) -> None:
        other = save_tiny_base(tmp_path / "other", "llama", num_labels=3)
        with pytest.raises(ModelError) as caught:
            load(bert, base_model=str(other))
        assert "\n" not in str(caught.value)


class TestFiles:
    def test_a_folder_of_neither_kind_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match=r"holds neither an adapter nor a model .*; give the folder that save_pre"):
            load(tmp_path)

    def test_a_truncated_adapter_is_refused(self, bert: Path) -> None:
        (bert / WEIGHTS).write_bytes((bert / WEIGHTS).read_bytes()[:-100])
        with pytest.raises(ArtifactError, match=rf"{WEIGHTS} is damaged or cut short .*copy or save it again"):
            load(bert)

    def test_a_pickle_is_never_read(self, bert: Path) -> None:
        torch.save(load_file(bert / WEIGHTS), bert / "adapter_model.bin")
        (bert / WEIGHTS).unlink()
        with pytest.raises(ArtifactError, match=r"it holds a pickled .bin only; save the adapter again"):
            load(bert)

    def test_a_missing_adapter_file_is_named(self, bert: Path) -> None:
        (bert / WEIGHTS).unlink()
        with pytest.raises(ArtifactError, match=f"has no {WEIGHTS}; copy it there"):
            read_folder(bert)

    @pytest.mark.parametrize("text", ["{", "[]", '{"peft_type": "UNHEARD_OF"}'])
    def test_a_broken_configuration_is_refused(self, bert: Path, text: str) -> None:
        (bert / "adapter_config.json").write_text(text)
        with pytest.raises(
            ArtifactError, match=r"adapter_config\.json cannot be read .*save the adapter again"
        ) as caught:
            load(bert)
        assert "\n" not in str(caught.value)

    def test_a_broken_record_of_the_training_is_passed_over(self, bert: Path) -> None:
        (bert / "adue_training.json").write_text("[")
        assert load(bert).origin.max_length is None


def test_code_in_a_repository_is_not_run_unless_trusted(tmp_path: Path) -> None:
    folder = save_tiny_whole(tmp_path / "whole", "bert")
    edit(folder / "config.json", model_type="homemade", auto_map={"AutoConfig": "code.C", "AutoModel": "code.M"})
    (folder / "code.py").write_text(f"import pathlib; pathlib.Path({str(tmp_path / 'it ran')!r}).touch()")
    with pytest.raises(ModelError, match=r"ships Python code .* pass --trust-remote-code if you trust it") as caught:
        load(folder)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "it ran").exists()
    with pytest.raises(Exception, match=r"code\.C|has no attribute 'C'"):
        load(folder, trust_remote_code=True)
    assert (tmp_path / "it ran").exists()


def test_a_whole_model_in_memory_has_the_same_digest_as_on_disk(tmp_path: Path) -> None:
    folder = save_tiny_whole(tmp_path, "roberta")
    assert origin_in_memory(tiny_classifier(folder)).sha256 == load(folder).origin.sha256


def test_an_adapter_in_memory_has_the_same_digest_as_on_disk(bert: Path) -> None:
    model = PeftModel.from_pretrained(tiny_classifier(bert.parent / "base"), str(bert))
    origin = origin_in_memory(model)
    assert origin.sha256 == load(bert).origin.sha256
    assert origin.head_source == "adapter"
    assert origin.base_model == str(bert.parent / "base")


def own_tokenizer(folder: Path, *, decoder: bool, pad_token: str) -> None:
    own = tiny_tokenizer(decoder=decoder)
    own.pad_token = pad_token
    own.model_max_length = 17
    own.save_pretrained(folder)


@pytest.mark.parametrize("base_pads", [False, True])
@pytest.mark.parametrize("model_type", ["llama", "gpt2", "bert"])
def test_the_tokenizer_saved_with_the_adapter_goes_first_and_its_padding_token_too(
    tmp_path: Path, model_type: str, base_pads: bool
) -> None:
    model = tiny_classifier(save_tiny_base(tmp_path / "base", model_type, pad_token=base_pads, initializer_range=0.3))
    model.config.pad_token_id = 4
    trained = get_peft_model(model, lora(model_type)).eval()
    trained.save_pretrained(str(tmp_path / "adapter"))
    own_tokenizer(tmp_path / "adapter", decoder=model_type != "bert", pad_token="[MASK]")
    loaded = load(tmp_path / "adapter")
    assert (loaded.tokenizer.model_max_length, loaded.tokenizer.pad_token) == (17, "[MASK]")
    # A text that ends in the base model's own stand-in, [SEP], and one in its padding token.
    batch = {"input_ids": torch.tensor([[5, 6, 3], [5, 6, 0], [5, 6, 4]])}
    with torch.no_grad():
        assert torch.equal(loaded.model(**batch).logits, trained(**batch).logits)


def test_roberta_counts_positions_from_the_padding_token_of_its_base(tmp_path: Path) -> None:
    folder = save_tiny_adapter(tmp_path, "roberta")
    own_tokenizer(folder, decoder=False, pad_token="[MASK]")
    assert load(folder).tokenizer.pad_token == "[PAD]"


def test_a_tokenizer_whose_vocabulary_was_left_behind_is_refused(bert: Path) -> None:
    tiny_tokenizer(decoder=False).save_pretrained(bert)
    edit(bert / "tokenizer_config.json", tokenizer_class="BertTokenizer")
    (bert / "tokenizer.json").unlink()
    with pytest.raises(
        ModelError, match=r"^the adapter .* has no tokenizer that can be read .*; put its tokenizer.json"
    ):
        load(bert)
