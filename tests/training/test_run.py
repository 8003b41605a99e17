import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from peft import AutoPeftModelForSequenceClassification, PeftModel
from safetensors.torch import load_file, save_file
from torch.nn.functional import cross_entropy
from transformers import TrainerCallback
from transformers.trainer_callback import DefaultFlowCallback

from adue.datasets import fingerprint
from adue.foundation.errors import ArtifactError, DataError, DataWarning, ModelError
from adue.training import RECORD_NAME, TrainingRecord, TrainingSettings, train_adapter
from tests.support.tiny import save_tiny_base, tiny_tokenizer

# These models are too small to learn much, and need not.
pytestmark = pytest.mark.filterwarnings("ignore:the adapter is right on")

ROOT = Path(__file__).parents[2]
NAMES = {0: "negative", 1: "positive"}
WORDS = {0: ["bad", "awful", "poor", "sad", "hate", "terrible"], 1: ["good", "great", "fine", "happy", "love"]}
# In float32 on every machine, so that what is recorded can be computed again to the last digit.
FAST = TrainingSettings(learning_rate=1e-2, batch_size=8, max_epochs=3, patience=3, bf16=False)


def rows(count: int, classes: int = 2) -> Dataset:
    """Sentences of different lengths whose class is one of their words."""
    texts, labels = [], []
    for row in range(count):
        label = row % classes
        word = WORDS[label % 2][row // classes % 5]
        texts.append(f"{'the ' * (row % 3)}{word} movie" + (" story" * (label // 2)))
        labels.append(label)
    return Dataset.from_dict({"text": texts, "label": labels})


def learnable(folder: Path, model_type: str, *, with_head: bool = False) -> Path:
    """A base model whose random features differ enough between words to tell them apart."""
    return save_tiny_base(folder, model_type, with_head=with_head, initializer_range=0.5)


def weights(adapter: Path) -> dict[str, torch.Tensor]:
    return load_file(adapter / "adapter_model.safetensors")


def equal(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.fixture
def base(tmp_path: Path) -> str:
    return str(learnable(tmp_path / "base", "bert"))


def logits_through_peft_alone(adapter: Path, texts: list[str], **options: Any) -> torch.Tensor:
    model = AutoPeftModelForSequenceClassification.from_pretrained(str(adapter), **options).eval()
    decoder = model.config.model_type in {"llama", "gpt2"}
    batch = tiny_tokenizer(decoder=decoder)(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        logits: torch.Tensor = model(**batch).logits
    return logits


@pytest.mark.parametrize("model_type", ["bert", "distilbert", "deberta-v2", "modernbert", "roberta", "llama", "gpt2"])
def test_peft_alone_loads_the_adapter_and_answers_as_the_record_says(tmp_path: Path, model_type: str) -> None:
    base = str(learnable(tmp_path / "base", model_type))
    validation = rows(20)
    result = train_adapter(base, rows(40), validation, tmp_path / "out", FAST, id2label=NAMES)
    logits = logits_through_peft_alone(tmp_path / "out", validation["text"][:])
    labels = torch.tensor(validation["label"][:])
    best = result.record.history[result.record.best_epoch - 1]
    assert float((logits.argmax(-1) == labels).float().mean()) == pytest.approx(best.validation_accuracy)
    assert float(cross_entropy(logits, labels)) == pytest.approx(best.validation_loss, rel=1e-4)


def test_five_classes_load_with_num_labels(tmp_path: Path, base: str) -> None:
    names = {index: f"stars {index + 1}" for index in range(5)}
    train_adapter(base, rows(60, classes=5), rows(30, classes=5), tmp_path / "out", FAST, id2label=names)
    assert logits_through_peft_alone(tmp_path / "out", ["good movie"], num_labels=5).shape == (1, 5)


def test_a_base_model_that_carries_a_head_can_be_trained_further(tmp_path: Path) -> None:
    base = str(learnable(tmp_path / "base", "distilbert", with_head=True))
    train_adapter(base, rows(40), rows(20), tmp_path / "out", FAST, id2label=NAMES)
    trained = weights(tmp_path / "out")
    assert {name.split(".")[2] for name in trained if "lora" not in name} == {"pre_classifier", "classifier"}


def test_a_pooler_that_the_checkpoint_lacks_is_saved_with_the_adapter(tmp_path: Path) -> None:
    base = learnable(tmp_path / "base", "bert")
    kept = {name: t for name, t in load_file(base / "model.safetensors").items() if "pooler" not in name}
    save_file(kept, base / "model.safetensors", metadata={"format": "pt"})
    train_adapter(str(base), rows(40), rows(20), tmp_path / "out", FAST, id2label=NAMES)
    assert any("pooler.dense.weight" in name for name in weights(tmp_path / "out"))


def test_the_folder_holds_a_plain_adapter_and_a_record_that_reads_back(tmp_path: Path, base: str) -> None:
    out = tmp_path / "out"
    result = train_adapter(base, rows(40), rows(20), out, FAST, id2label=NAMES)
    config = json.loads((out / "adapter_config.json").read_text())
    assert (config["task_type"], config["base_model_name_or_path"]) == ("SEQ_CLS", base)
    record = TrainingRecord.from_dict(json.loads((out / RECORD_NAME).read_text()))
    assert record == result.record
    assert record.settings == FAST
    assert record.id2label == NAMES
    assert (record.train_rows, record.validation_rows, record.data_sha256) == (40, 20, fingerprint(rows(40)))
    assert record.validation_majority_accuracy == 0.5
    assert record.validation_accuracy == max(epoch.validation_accuracy for epoch in record.history)
    assert record.history[record.best_epoch - 1].validation_accuracy == record.validation_accuracy
    assert {"adue", "torch", "transformers", "peft"} <= record.versions.keys()


def test_nothing_but_the_adapter_is_left_behind(tmp_path: Path, base: str) -> None:
    train_adapter(base, rows(40), rows(20), tmp_path / "out", FAST, id2label=NAMES)
    assert {path.name for path in tmp_path.iterdir()} == {"base", "out"}


@pytest.mark.parametrize("bar", [False, True])
def test_standard_output_stays_empty(tmp_path: Path, base: str, capfd: pytest.CaptureFixture[str], bar: bool) -> None:
    capfd.readouterr()
    train_adapter(base, rows(40), rows(20), tmp_path / "out", FAST, id2label=NAMES, show_progress_bar=bar)
    assert capfd.readouterr().out == ""


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path: Path, base: str) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        settings = FAST.model_copy(update={"seed": seed, "lora_dropout": 0.1})
        train_adapter(base, rows(40), rows(20), tmp_path / name, settings, id2label=NAMES)
    a, b, c = (weights(tmp_path / name) for name in "abc")
    assert equal(a, b)
    assert not equal(a, c)


class Stop(TrainerCallback):
    """Ctrl-C in the middle of the third epoch."""

    def on_step_end(self, args, state, control, **_):  # type: ignore[no-untyped-def]
        if state.epoch > 2.2:
            raise KeyboardInterrupt


def test_an_interrupted_run_goes_on_and_ends_like_one_in_a_piece(
    tmp_path: Path, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = FAST.model_copy(update={"max_epochs": 4, "lora_dropout": 0.1})

    def train(name: str) -> bool:
        return train_adapter(base, rows(40), rows(20), tmp_path / name, settings, id2label=NAMES).resumed

    assert not train("whole")
    with monkeypatch.context() as patch:
        patch.setattr("transformers.trainer.DEFAULT_CALLBACKS", [DefaultFlowCallback, Stop])
        with pytest.raises(KeyboardInterrupt):
            train("parts")
    assert not (tmp_path / "parts").exists()
    assert train("parts")
    assert equal(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


@pytest.mark.parametrize("left", ["", '{"epoch": 2'])
def test_a_checkpoint_that_was_cut_short_is_passed_over(
    tmp_path: Path, base: str, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("transformers.trainer.DEFAULT_CALLBACKS", [DefaultFlowCallback, Stop])
        with pytest.raises(KeyboardInterrupt):
            train_adapter(base, rows(40), rows(20), tmp_path / "out", FAST, id2label=NAMES)
    [newest] = tmp_path.glob(".out*/checkpoint-10")
    if left:
        (newest / "trainer_state.json").write_text(left, encoding="utf-8")
    else:
        (newest / "trainer_state.json").unlink()
    (newest / "optimizer.pt").unlink()
    assert len(train_adapter(base, rows(40), rows(20), tmp_path / "out", FAST, id2label=NAMES).record.history) == 3


@pytest.mark.slow
def test_a_killed_process_leaves_no_adapter_and_can_be_gone_on_from(tmp_path: Path, base: str) -> None:
    script = f"""
        import os, sys
        sys.path.insert(0, {str(ROOT)!r})
        from pathlib import Path
        import transformers.trainer
        from tests.training.test_run import FAST, NAMES, DefaultFlowCallback, Stop, rows, train_adapter

        class Kill(Stop):
            def on_step_end(self, args, state, control, **_):
                if state.epoch > 2.2:
                    os.kill(os.getpid(), 9)

        transformers.trainer.DEFAULT_CALLBACKS = [DefaultFlowCallback, Kill]
        train_adapter({base!r}, rows(40), rows(20), Path({str(tmp_path / "out")!r}), FAST, id2label=NAMES)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False, capture_output=True)
    assert killed.returncode == -9, killed.stderr
    assert not (tmp_path / "out").exists()
    result = train_adapter(base, rows(40), rows(20), tmp_path / "out", FAST, id2label=NAMES)
    assert result.resumed
    assert [epoch.epoch for epoch in result.record.history] == [1, 2, 3]


def test_other_settings_start_anew(tmp_path: Path, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("transformers.trainer.DEFAULT_CALLBACKS", [DefaultFlowCallback, Stop])
        with pytest.raises(KeyboardInterrupt):
            train_adapter(base, rows(40), rows(20), tmp_path / "out", FAST, id2label=NAMES)
    other = FAST.model_copy(update={"r": 4})
    assert not train_adapter(base, rows(40), rows(20), tmp_path / "out", other, id2label=NAMES).resumed


def test_other_validation_rows_start_anew(tmp_path: Path, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("transformers.trainer.DEFAULT_CALLBACKS", [DefaultFlowCallback, Stop])
        with pytest.raises(KeyboardInterrupt):
            train_adapter(base, rows(40), rows(20), tmp_path / "out", FAST, id2label=NAMES)
    assert not train_adapter(base, rows(40), rows(22), tmp_path / "out", FAST, id2label=NAMES).resumed


def test_other_labels_start_anew(tmp_path: Path, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("transformers.trainer.DEFAULT_CALLBACKS", [DefaultFlowCallback, Stop])
        with pytest.raises(KeyboardInterrupt):
            train_adapter(base, rows(40), rows(20), tmp_path / "out", FAST, id2label=NAMES)
    flipped = rows(40).map(lambda row: {"label": 1 - row["label"]})
    assert not train_adapter(base, flipped, rows(20), tmp_path / "out", FAST, id2label=NAMES).resumed


def test_a_run_that_had_stopped_early_does_no_more_epochs_when_it_is_called_again(
    tmp_path: Path, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = FAST.model_copy(update={"learning_rate": 1e-9, "max_epochs": 10, "patience": 2})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("adue.training.run._prove", full)
        with pytest.raises(ArtifactError, match=r"No space left on device; fix that and run again, what was trained"):
            train_adapter(base, rows(40), rows(20), tmp_path / "out", settings, id2label=NAMES)
    with pytest.warns(DataWarning, match="it has learned nothing"):
        result = train_adapter(base, rows(40), rows(20), tmp_path / "out", settings, id2label=NAMES)
    assert (result.resumed, len(result.record.history)) == (True, 3)


@pytest.mark.parametrize("name", ["training", "validation"])
def test_rows_that_are_not_of_the_classes_are_refused_before_training(tmp_path: Path, base: str, name: str) -> None:
    outside = rows(20).map(lambda _, place: {"label": -1 if place == 3 else 0}, with_indices=True)
    for odd, words in (
        (outside, r"1 of 20 {} rows .* none of the 2 classes \('out-of-scope'\)"),
        (rows(0), "no {} rows"),
    ):
        given = (odd, rows(20)) if name == "training" else (rows(20), odd)
        with pytest.raises(DataError, match=words.format(name)):
            train_adapter(base, *given, tmp_path / "out", FAST, id2label=NAMES)


def test_a_file_in_the_place_of_the_folder_is_noticed_before_training(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", encoding="utf-8")
    for out in (tmp_path / "out", tmp_path / "out" / "below"):
        with pytest.raises(ArtifactError, match=r"out is a file, not a folder; choose another"):
            train_adapter("nothing", rows(40), rows(20), out, FAST, id2label=NAMES)


def test_patience_is_not_given_again_to_a_run_that_goes_on(
    tmp_path: Path, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = FAST.model_copy(update={"learning_rate": 1e-9, "max_epochs": 10, "patience": 3})
    with monkeypatch.context() as patch:
        patch.setattr("transformers.trainer.DEFAULT_CALLBACKS", [DefaultFlowCallback, Stop])
        with pytest.raises(KeyboardInterrupt):
            train_adapter(base, rows(40), rows(20), tmp_path / "out", settings, id2label=NAMES)
    with pytest.warns(DataWarning, match="it has learned nothing"):
        result = train_adapter(base, rows(40), rows(20), tmp_path / "out", settings, id2label=NAMES)
    assert (result.resumed, len(result.record.history)) == (True, 4)


def test_training_stops_early_without_a_better_epoch(tmp_path: Path, base: str) -> None:
    settings = FAST.model_copy(update={"learning_rate": 1e-9, "max_epochs": 10, "patience": 2})
    with pytest.warns(DataWarning, match=r"right on \d+.0% .* commonest class on 50.0%: .* try another --lr"):
        result = train_adapter(base, rows(40), rows(20), tmp_path / "out", settings, id2label=NAMES)
    assert len(result.record.history) == 3
    assert result.record.best_epoch == 1


def test_an_adapter_is_replaced_only_on_request(tmp_path: Path, base: str) -> None:
    out = tmp_path / "out"
    train_adapter(base, rows(40), rows(20), out, FAST, id2label=NAMES)
    before = weights(out)
    other = FAST.model_copy(update={"seed": 1})
    with pytest.raises(ArtifactError, match=r"out holds an adapter already; .* or give --overwrite"):
        train_adapter(base, rows(40), rows(20), out, other, id2label=NAMES)
    assert equal(weights(out), before)
    (out / "adue_config.json").write_text("{}", encoding="utf-8")
    train_adapter(base, rows(40), rows(20), out, other, id2label=NAMES, overwrite=True)
    assert not (out / "adue_config.json").exists(), "an uncertainty head of the old adapter is left behind"
    assert not equal(weights(out), before)


def test_an_adapter_without_its_head_is_found_out(tmp_path: Path, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peft.PeftModelForSequenceClassification.save_pretrained", save_without_head)
    with pytest.raises(ModelError):
        train_adapter(base, rows(40), rows(20), tmp_path / "out", FAST, id2label=NAMES)
    assert not (tmp_path / "out" / "adapter_config.json").exists()


def save_without_head(model, folder, **options):  # type: ignore[no-untyped-def]
    """Save as PEFT does, with the head's weights replaced by those of before the training."""
    PeftModel.save_pretrained(model, folder, **options)
    path = Path(folder) / "adapter_model.safetensors"
    kept = {name: -tensor if "classifier" in name else tensor for name, tensor in load_file(path).items()}
    save_file(kept, path, metadata={"format": "pt"})


def test_what_was_trained_in_bfloat16_is_read_back_and_answers_in_float32(tmp_path: Path, base: str) -> None:
    settings = FAST.model_copy(update={"bf16": True})
    assert train_adapter(base, rows(40), rows(20), tmp_path / "out", settings, id2label=NAMES).record.best_epoch >= 1


def test_evaluation_reads_texts_of_like_length_together(tmp_path: Path, base: str) -> None:
    shapes: list[tuple[int, ...]] = []

    def note(module: torch.nn.Module, inputs: tuple[Any, ...]) -> None:
        # Of the three tables of BERT only that of words knows a token that stands for none.
        if isinstance(module, torch.nn.Embedding) and module.padding_idx is not None and not module.training:
            shapes.append(tuple(inputs[0].shape))

    texts = [f"{'the ' * (row * 7 % 20)}good movie" for row in range(20)]
    validation = Dataset.from_dict({"text": texts, "label": [0, 1] * 10})
    hook = torch.nn.modules.module.register_module_forward_pre_hook(note)
    with hook:
        train_adapter(base, rows(40), validation, tmp_path / "out", FAST, id2label=NAMES)
    # Twenty rows of 4 to 23 tokens, in batches of eight; the first forward pass is the probe that finds the head.
    assert shapes[1:4] == [(8, 23), (8, 15), (4, 7)]


def test_texts_are_cut_to_max_length(tmp_path: Path, base: str) -> None:
    settings = FAST.model_copy(update={"max_length": 5})
    result = train_adapter(base, rows(40), rows(20), tmp_path / "out", settings, id2label=NAMES)
    assert result.record.max_length == 5
    assert str(result.limit) == "up to 5 tokens, from max_length as asked"
    assert result.texts_cut > 0
