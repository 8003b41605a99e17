"""Long texts in windows against long texts cut: time, tokens read, and what it changes in accuracy and AUROC.

An adapter is trained on the first LENGTH tokens of posts (20newsgroups where ADUE_DATA_DIR holds it, else of reviews in
a row), a head is fitted each way on validation rows, and both answer the same test rows. `ratio` is the time of cut
texts over that of windows.
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from sklearn.metrics import roc_auc_score

from adue import AdueModel
from adue.datasets import load_splits
from adue.datasets.named.local import local_folder
from adue.foundation.config import LongTexts, Reading
from adue.training import TrainingSettings, train_adapter
from measure import Run, in_turn, parser_of, report, timed

LENGTH = 64
NEWS = "20newsgroups"
REVIEWS_IN_A_ROW = 10


def make_rows(rows: int) -> tuple[dict[str, Dataset], dict[int, str]]:
    """Return train, validation and test rows, twice as many to train on, and the names of the classes."""
    name = NEWS if local_folder(NEWS) is not None else "reviews"
    splits = load_splits(name)
    draw = np.random.default_rng(0)
    found = {}
    for split, wanted in (("train", 2 * rows), ("validation", rows), ("test", rows)):
        given = splits[split] if name == NEWS else _in_a_row(splits[split])
        found[split] = given.select(draw.permutation(len(given))[:wanted])
    return found, {index: label for label, index in splits.label2id.items()}


def _in_a_row(reviews: Dataset) -> Dataset:
    """Return longer texts: reviews of one label, one after the other."""
    texts, labels = np.asarray(reviews["text"][:], dtype=object), np.asarray(reviews["label"][:])
    rows: dict[str, list[Any]] = {"text": [], "label": []}
    for label in np.unique(labels):
        chosen = texts[labels == label]
        for start in range(0, len(chosen) - REVIEWS_IN_A_ROW, REVIEWS_IN_A_ROW):
            rows["text"].append(" ".join(chosen[start : start + REVIEWS_IN_A_ROW]))
            rows["label"].append(int(label))
    return Dataset.from_dict(rows)


def answer(adapter: Path, rows: dict[str, Dataset], long_texts: LongTexts) -> Run:
    """Return the run of one way over the test rows, and how good its answers are."""
    model = AdueModel.from_pretrained(adapter, reading=Reading(long_texts=long_texts), with_head=False)
    # Trained on another part of the rows than the adapter: on its own rows it makes few errors.
    half = len(rows["validation"]) // 2
    model.fit(rows["validation"].select(range(half)), rows["validation"].select(range(half, 2 * half)))
    texts, labels = rows["test"]["text"][:], np.asarray(rows["test"]["label"][:])
    model.predict(texts[:8])
    run = timed(lambda: model.predict(texts))
    errors = run.answer.labels != labels
    windows = [window for text in model.classifier.tokenize(texts) for window in text.windows]
    found = {
        "tokens": sum(len(window["input_ids"]) for window in windows),
        "passes": len(windows),
        "cut": int(run.answer.truncated.sum()),
        "accuracy": round(1 - float(errors.mean()), 4),
        "auroc": round(float(roc_auc_score(errors, run.answer.uncertainty)), 4),
        "auroc_softmax": round(float(roc_auc_score(errors, -run.answer.probabilities.max(axis=-1))), 4),
    }
    return Run(run.seconds, run.peak_mb, found)


def main() -> None:
    """Run the benchmark."""
    parser: argparse.ArgumentParser = parser_of(__doc__)
    parser.add_argument("--rows", type=int, help="test rows instead of the usual number")
    options = parser.parse_args()
    rows, names = make_rows(options.rows or (2000 if options.full else 400))
    settings = TrainingSettings(max_length=LENGTH, max_epochs=6 if options.full else 2)
    with tempfile.TemporaryDirectory() as folder:
        adapter = Path(folder, "adapter")
        train_adapter("minilm", rows["train"], rows["validation"], adapter, settings, id2label=names)
        windows, cut = in_turn(
            [partial(answer, adapter, rows, way) for way in ("windows", "cut")], 3 if options.full else 1
        )
    report(
        "windows",
        windows,
        cut,
        agree=True,
        target=options.json,
        windows=windows[0].answer,
        cut=cut[0].answer,
        rows=len(rows["test"]),
        length=LENGTH,
    )


if __name__ == "__main__":
    main()
