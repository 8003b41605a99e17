"""Named entities in tweets: MiniLM with LoRA for token classification, and U per word and per entity.

FILE holds one word and its BIO tag per line, sentences apart by an empty line.
"""

import argparse
from itertools import accumulate, groupby, pairwise
from pathlib import Path

import numpy as np
import torch
from datasets import ClassLabel, Dataset, Features, Sequence, Value
from numpy import ndarray
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    PreTrainedTokenizerBase,
    Trainer,
    TrainingArguments,
)

from adue import FitSettings
from adue.foundation.config import PRESETS
from adue.foundation.types import FeatureSet
from adue.metrics import auroc
from adue.models.pretrained import quiet_peft, resolve_base_model
from adue.models.tasks.entities import AGGREGATES, bio_spans, span_uncertainty
from adue.models.tasks.tokens import AdueModelForTokenClassification
from adue.scores.outputs import softmax_response
from summary import print_table

TRAIN, VALIDATION = 1200, 400
"""Sentences; the rest is the test set."""
SEEDS = range(3)
"""Of the heads; there is one adapter."""


def read(file: Path) -> tuple[Dataset, list[str]]:
    """Return the sentences of `file` in an order drawn once, and the names of their tags."""
    pairs = [line.split() for line in file.read_text(encoding="utf-8").splitlines()]
    sentences = [list(rows) for filled, rows in groupby(pairs, bool) if filled]
    names = sorted({tag for rows in sentences for _, tag in rows}, key=lambda tag: (tag != "O", tag))
    features = Features({"tokens": Sequence(Value("string")), "ner_tags": Sequence(ClassLabel(names=names))})
    columns = {
        "tokens": [[word for word, _ in rows] for rows in sentences],
        "ner_tags": [[names.index(tag) for _, tag in rows] for rows in sentences],
    }
    return Dataset.from_dict(columns, features=features).shuffle(seed=0), names


def train_adapter(folder: Path, rows: Dataset, names: list[str], epochs: int) -> None:
    """Train LoRA and a head on the first tokens of words, and write them and the tokenizer to `folder`."""
    base = resolve_base_model("minilm")
    tokenizer = AutoTokenizer.from_pretrained(base)
    torch.manual_seed(0)
    model = AutoModelForTokenClassification.from_pretrained(base, num_labels=len(names))
    config = LoraConfig(task_type=TaskType.TOKEN_CLS, r=8, lora_alpha=16, target_modules=["query", "key", "value"])
    with quiet_peft():
        adapted = get_peft_model(model, config)
    arguments = TrainingArguments(
        output_dir=str(folder / "trainer"),
        num_train_epochs=epochs,
        per_device_train_batch_size=16,
        learning_rate=2e-3,
        warmup_steps=0.1,
        train_sampling_strategy="group_by_length",
        use_cpu=True,
        save_strategy="no",
        report_to=[],
        label_names=["labels"],
    )
    Trainer(
        adapted,
        arguments,
        train_dataset=rows.map(encode, fn_kwargs={"tokenizer": tokenizer}, remove_columns=rows.column_names),
        data_collator=DataCollatorForTokenClassification(tokenizer),
    ).train()
    with quiet_peft():
        adapted.save_pretrained(str(folder))
    tokenizer.save_pretrained(folder)


def encode(row: dict[str, list[str]], tokenizer: PreTrainedTokenizerBase) -> dict[str, list[int]]:
    """Return a sentence as the Trainer takes it: -100 everywhere but at the first token of a word."""
    encoded = tokenizer(row["tokens"], is_split_into_words=True, truncation=True)
    ids = encoded.word_ids()
    firsts = [word if word is not None and word != before else None for before, word in pairwise([None, *ids])]
    return {**encoded, "labels": [-100 if word is None else int(row["ner_tags"][word]) for word in firsts]}


def entities(rows: FeatureSet, lengths: list[int], names: list[str], u: ndarray) -> tuple[ndarray, dict[str, ndarray]]:
    """Return, for the predicted entities, which are wrong, and their u by aggregate."""
    assert rows.labels is not None  # noqa: S101
    wrong: list[bool] = []
    found: dict[str, list[float]] = {how: [] for how in AGGREGATES}
    for start, end in pairwise(accumulate(lengths, initial=0)):
        answer, truth = ([names[int(label)] for label in ids[start:end]] for ids in (rows.predictions, rows.labels))
        true_spans = set(bio_spans(truth))
        for span in bio_spans(answer):
            wrong.append(span not in true_spans)
            for how in AGGREGATES:
                found[how].append(span_uncertainty(u[start:end], span, how))
    return np.array(wrong), {how: np.array(values) for how, values in found.items()}


def heads(
    model: AdueModelForTokenClassification, train: FeatureSet, validation: FeatureSet, test: FeatureSet, seed: int
) -> dict[str, ndarray]:
    """Return u of the test's words by score; heads learn on the training words, or on held-out ones only."""
    order = torch.randperm(len(validation), generator=torch.Generator().manual_seed(seed))
    cut = 2 * len(validation) // 3
    own, held_out = (train, validation), (validation.select(order[:cut]), validation.select(order[cut:]))
    log_space = FitSettings(score="log_smoothmax")
    plans = {
        "paper": (PRESETS["paper"], own),
        "paper, held-out words": (PRESETS["paper"], held_out),
        "log_smoothmax": (log_space, own),
        "auto": (PRESETS["auto"], own),
    }
    found = {"softmax response": softmax_response(test.logits)}
    for name, (settings, rows) in plans.items():
        fitted = model.fit_features(*rows, settings=settings.model_copy(update={"seed": seed})).fitted
        assert fitted is not None  # noqa: S101
        found[f"AdUE, {name}"] = fitted.uncertainty(test.features, test.logits)
    return {name: u.double().numpy() for name, u in found.items()}


def main() -> None:
    """Print accuracy, F1 of entities, and AUROC per word and per entity."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("folder", type=Path, help="where the adapter and the features are kept")
    parser.add_argument("--epochs", type=int, default=5)
    given = parser.parse_args()
    sentences, names = read(given.file)
    parts = [range(TRAIN), range(TRAIN, TRAIN + VALIDATION), range(TRAIN + VALIDATION, len(sentences))]
    splits = [sentences.select(part) for part in parts]
    adapter = given.folder / "tokens-adapter"
    if not (adapter / "adapter_config.json").is_file():
        train_adapter(adapter, splits[0], names, given.epochs)
    model = AdueModelForTokenClassification.from_pretrained(
        adapter, base_model="minilm", id2label=dict(enumerate(names)), with_head=False
    )
    train, validation, test = (
        model.extract(rows["tokens"][:], rows["ner_tags"][:], cache=given.folder / "features") for rows in splits
    )
    lengths = [len(words) for words in splits[2]["tokens"][:]]
    wrong, _ = entities(test, lengths, names, np.zeros(len(test)))
    assert test.labels is not None  # noqa: S101
    gold = sum(
        len(bio_spans([names[label] for label in test.labels[start:end].tolist()]))
        for start, end in pairwise(accumulate(lengths, initial=0))
    )
    print(f"{len(train)} / {len(validation)} / {len(test)} words; {int(train.errors.sum())} errors in training words")
    print(f"test: accuracy {1 - test.errors.double().mean():.2%}, {int(test.errors.sum())} errors")
    print(f"entities: {gold} true, {len(wrong)} found, {int(wrong.sum())} of them wrong, F1", end=" ")
    print(f"{2 * (~wrong).sum() / (gold + len(wrong)):.1%}")
    per_word: list[dict[str, float]] = []
    per_entity: list[dict[str, float]] = []
    for seed in SEEDS:
        u = heads(model, train, validation, test, seed)
        per_word.append({name: float(auroc(values, test.errors.numpy())) for name, values in u.items()})
        by_how = {name: entities(test, lengths, names, values)[1] for name, values in u.items()}
        per_entity.append(
            {f"{n}, {how}": float(auroc(v, wrong)) for n, hows in by_how.items() for how, v in hows.items()}
        )
    print_table("words", per_word)
    print_table("entities", per_entity)
    model.save_pretrained(adapter)


if __name__ == "__main__":
    main()
