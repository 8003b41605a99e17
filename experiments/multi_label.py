"""Tags of SQLAlchemy's change notes: MiniLM with LoRA, ten labels per text, and U per label.

CHANGELOG is ``doc/build/changelog`` of the source archive of sqlalchemy 2.0.58.
"""

import argparse
import re
from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path

import torch
from datasets import Dataset, DatasetDict
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    PreTrainedTokenizerBase,
    Trainer,
    TrainingArguments,
)

from adue.models.pretrained import quiet_peft, resolve_base_model
from adue.report.results import SetResult
from adue.scores import ADUE, REFERENCE
from adue.workflows.multi_label.evaluate import evaluate_multi_label
from adue.workflows.multi_label.fit import fit_multi_label
from adue.workflows.options import ModelOptions

LABELS = ("bug", "orm", "sql", "feature", "postgresql", "engine", "mysql", "mssql", "oracle", "sqlite")
"""The commonest tags that name a kind of change or a part of the library."""
ROWS = {"train": 2000, "validation": 700, "test": 1300}
"""Drawn at random; the other notes are left out, to save time."""
MAX_LENGTH = 32
"""Tokens: the beginning of a note says what it is about."""


def read(folder: Path) -> DatasetDict:
    """Return the change notes with their tags among LABELS, split at random once."""
    notes = {
        text: tags for file in sorted(folder.glob("changelog_[0-9]*.rst")) for text, tags in changes(file.read_text())
    }
    texts = [text for text in notes if len(text) >= 20]  # noqa: PLR2004 - shorter ones say nothing
    labels = [[label for label in LABELS if label in notes[text]] for text in texts]
    rows = Dataset.from_dict({"text": texts, "labels": labels}).shuffle(seed=0)
    ends = accumulate(ROWS.values(), initial=0)
    return DatasetDict({name: rows.select(range(*part)) for name, part in zip(ROWS, pairwise(ends), strict=True)})


def changes(page: str) -> Iterator[tuple[str, set[str]]]:
    """Yield text and tags of every ``.. change::`` in a page; what marks the text up is left out."""
    for rest in re.split(r"^ *\.\. change::", page, flags=re.MULTILINE)[1:]:
        block = re.split(r"^\S", rest, maxsplit=1, flags=re.MULTILINE)[0]
        tags = re.search(r"^ *:tags:(.*)$", block, re.MULTILINE)
        lines = [line.strip() for line in block.splitlines() if not re.match(r" *(?::\w+:( |$)|\.\. )", line)]
        text = re.sub(r":\w+(?::\w+)*:`[~.]*([^`<]*)[^`]*`", r"\1", " ".join(filter(None, lines))).replace("`", "")
        if tags is not None:
            yield " ".join(text.split()), {tag.strip() for tag in tags[1].split(",")}


def train_adapter(folder: Path, rows: Dataset, epochs: int) -> None:
    """Train LoRA and a sigmoid head, and write them and the tokenizer to `folder`."""
    base = resolve_base_model("minilm")
    tokenizer = AutoTokenizer.from_pretrained(base)
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(
        base, num_labels=len(LABELS), problem_type="multi_label_classification"
    )
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=8,
        lora_alpha=16,
        target_modules=["query", "key", "value"],
        layers_to_transform=[4, 5],
    )
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
        data_collator=DataCollatorWithPadding(tokenizer),
    ).train()
    with quiet_peft():
        adapted.save_pretrained(str(folder))
    tokenizer.save_pretrained(folder)


def encode(row: dict[str, object], tokenizer: PreTrainedTokenizerBase) -> dict[str, object]:
    """Return a row as the Trainer takes it: 0.0 or 1.0 for each label."""
    present = row["labels"]
    assert isinstance(present, list)  # noqa: S101
    encoded = tokenizer(row["text"], truncation=True, max_length=MAX_LENGTH)
    return {**encoded, "labels": [float(label in present) for label in LABELS]}


def print_row(result: SetResult) -> None:
    """Print one line of a Markdown table: errors, and AUROCs in percent with 95 % intervals."""
    cells = [result.name, f"{result.errors:,} of {result.rows:,}"]
    if result.scores:
        adue, reference = result.score(ADUE), result.score(REFERENCE)
        cells += [
            f"{100 * one.value:{form}} ({100 * one.low:{form}} to {100 * one.high:{form}})"
            for one, form in ((reference.auroc, ".1f"), (adue.auroc, ".1f"), (adue.difference, "+.1f"))
        ]
    print(f"| {' | '.join(cells)} |")


def main() -> None:
    """Print AUROC of U and of the softmax response, per label and over all answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("changelog", type=Path)
    parser.add_argument("folder", type=Path, help="where rows, adapter and heads are kept")
    parser.add_argument("--epochs", type=int, default=5)
    given = parser.parse_args()
    splits = read(given.changelog)
    (given.folder / "data").mkdir(parents=True, exist_ok=True)
    for name, rows in splits.items():
        rows.to_parquet(given.folder / "data" / f"{name}.parquet")
    if not (given.folder / "adapter" / "adapter_config.json").is_file():
        train_adapter(given.folder / "adapter", splits["train"], given.epochs)
    options = ModelOptions(base_model="minilm", labels=LABELS, max_length=MAX_LENGTH)
    fitted = fit_multi_label(given.folder / "adapter", given.folder / "data", model_options=options)
    print(f"fitted in {fitted.seconds:.0f} s", *fitted.notes, sep="\n")
    result = evaluate_multi_label(given.folder / "adapter", given.folder / "data", model_options=options)
    print("| label | wrong answers | softmax response | U | U minus softmax response |\n|---|---|---|---|---|")
    for one in (*result.labels, result.together):
        print_row(one)


if __name__ == "__main__":
    main()
