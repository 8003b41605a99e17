"""A tiny multi-label adapter, as PEFT saves it, and rows whose labels mostly agree with its answers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from datasets import Dataset

from adue import AdueModelForMultiLabelClassification
from tests.support.adapters import QUICK, random_texts, save_tiny_adapter

LABELS = ("toxic", "insult", "threat")


def save_labels_adapter(
    folder: Path, model_type: str = "bert", *, seed: int = 1, labels: Sequence[str] = LABELS
) -> Path:
    """Write a base model and an adapter with one logit per label; neither says that it is a multi-label one."""
    return save_tiny_adapter(folder, model_type, num_labels=len(labels), id2label=dict(enumerate(labels)), seed=seed)


def load(folder: Path, *, with_head: bool = True) -> AdueModelForMultiLabelClassification:
    """Return the model in `folder`; PEFT has not kept what its labels are called."""
    return AdueModelForMultiLabelClassification.from_pretrained(
        folder, id2label=dict(enumerate(LABELS)), with_head=with_head
    )


def labelled(model: AdueModelForMultiLabelClassification, rows: int = 160, seed: int = 0) -> Dataset:
    """Return texts whose labels are the model's answers in four of five cells."""
    texts = random_texts(rows, seed)
    answers = model.extract(texts).predictions.numpy()
    flipped = np.random.default_rng(seed).random(answers.shape) < 0.2
    return Dataset.from_dict({"text": texts, "labels": (answers ^ flipped).tolist()})


def fit_quickly(model: AdueModelForMultiLabelClassification) -> AdueModelForMultiLabelClassification:
    """Return `model` with heads fitted in seconds."""
    rows = labelled(model)
    return model.fit(rows.select(range(100)), rows.select(range(100, 160)), grid="fast", settings=QUICK)
