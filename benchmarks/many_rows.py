"""What memory does while very many short texts go through a very small model, into shards on disk."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from adue import AdueModel
from adue.models.pretrained import resolve_base_model
from measure import Run, in_turn, timed

STATUS = Path("/proc/self/status")
SUBJECTS = ("film", "plot", "story", "actor", "ending", "sound", "camera", "dialogue")
VERDICTS = ("good", "bad", "dull", "fresh", "long", "odd")


@dataclass(frozen=True)
class Read:
    """Rows that came out, and megabytes at most that belong to the process alone and to no file."""

    rows: int
    anonymous_mb: float


def tiny_model() -> AdueModel:
    """Return a random BERT of two layers of sixteen with the tokenizer of MiniLM."""
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(resolve_base_model("minilm"))
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    return AdueModel(BertForSequenceClassification(config), tokenizer)


def short_texts(rows: int) -> Iterator[str]:
    """Yield texts of about ten tokens, all of them different."""
    for row in range(rows):
        yield f"the {SUBJECTS[row % 8]} was {VERDICTS[row % 6]} and {VERDICTS[row // 6 % 6]}, number {row}"


def read_many(rows: int) -> Run:
    """Return the run of an extraction of `rows` rows."""
    model = tiny_model()
    with tempfile.TemporaryDirectory() as folder, anonymous_peak() as peak:
        run = timed(lambda: len(model.extract(short_texts(rows), cache=Path(folder))))
    return Run(run.seconds, run.peak_mb, Read(run.answer, max(peak)))


@contextmanager
def anonymous_peak() -> Iterator[list[float]]:
    """Yield a list that fills with the anonymous memory of this process, in MB; nothing but 0 outside of Linux."""
    seen, done = [0.0], threading.Event()

    def watch() -> None:
        while STATUS.exists() and not done.wait(0.05):
            line = next(line for line in STATUS.read_text().splitlines() if line.startswith("RssAnon"))
            seen.append(int(line.split()[1]) / 1024)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def growth(rows: int) -> dict[str, object]:
    """Return time and memory for a tenth of `rows` and for all of them, each in a process of its own."""
    (small,), (large,) = in_turn([partial(read_many, count) for count in (rows // 10, rows)], 1)
    return {
        "benchmark": "extraction of many rows",
        "rows": [small.answer.rows, large.answer.rows],
        "seconds": [round(run.seconds, 1) for run in (small, large)],
        "peak_mb": [round(run.peak_mb) for run in (small, large)],
        "anonymous_peak_mb": [round(run.answer.anonymous_mb) for run in (small, large)],
    }
