"""Features and logits in one pass, by torch or ONNX Runtime, against a plain loop and the pipeline of transformers.

On movie reviews mixed with long texts (20newsgroups where ADUE_DATA_DIR holds it, else reviews in a row), where `ratio`
is the plain loop's time over ours, and on texts of one length. `--tiny --rows N` instead reads a tenth of N short texts
and N of them through a model of two small layers, to see what memory does.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from peft import PeftModel
from torch import Tensor
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from adue import AdueModel
from adue.datasets import load_splits
from adue.datasets.named.local import local_folder
from adue.models.onnx.classifier import Backend
from adue.models.pretrained import quiet_peft, resolve_base_model
from adue.models.pretrained.quiet import quiet_transformers
from adue.workflows.demo import copy_packaged_adapter
from many_rows import growth
from measure import Run, alone, in_turn, parser_of, report, timed, write

BATCH, MAX_LENGTH, WORDS = 32, 512, 24
TOLERANCE = 1e-3
"""How far logits of two ways may lie apart."""
LONG = "20newsgroups"


@dataclass(frozen=True)
class Texts:
    """What every way reads."""

    mixed: list[str]
    uniform: list[str]


@dataclass(frozen=True)
class Answer:
    """Seconds for the uniform texts, and the logits of all texts."""

    uniform_seconds: float
    mixed: Tensor
    uniform: Tensor


def make_texts(rows: int) -> Texts:
    """Return three reviews to each long text, shuffled, and the same number of texts, all of one length in words."""
    reviews = load_splits("reviews", need=("train",))["train"]["text"]
    count = rows // 4
    draw = np.random.default_rng(0)
    mixed = [*reviews[: rows - count], *_long_texts(count, reviews)]
    words = " ".join(reviews[:1000]).split()
    uniform = [" ".join(draw.choice(words, WORDS)) for _ in range(rows)]
    return Texts([mixed[row] for row in draw.permutation(rows)], uniform)


def _long_texts(count: int, reviews: Sequence[str]) -> list[str]:
    if local_folder(LONG) is not None:
        found: list[str] = load_splits(LONG, need=("train",))["train"]["text"][:count]
        return found
    return [" ".join(reviews[start : start + 14]) for start in range(0, 14 * count, 14)]


def ours(adapter: Path, texts: Texts, backend: Backend = "torch") -> Run:
    """Return the run of our extraction; a graph that is not in the cache yet is made before the clock starts."""
    model = AdueModel.from_pretrained(adapter, max_length=MAX_LENGTH, backend=backend)
    return _run(lambda some: model.extract(some, batch_size=128).logits, texts)


def plain_loop(adapter: Path, texts: Texts) -> Run:
    """Return the run of a loop over the texts as they come, which takes h from all hidden states."""
    model, tokenizer = _load(adapter)

    def read(some: Sequence[str]) -> Tensor:
        hidden, logits = [], []
        for start in range(0, len(some), BATCH):
            inputs = tokenizer(
                some[start : start + BATCH], padding=True, truncation=True, max_length=MAX_LENGTH, return_tensors="pt"
            )
            with torch.no_grad():
                output = model(**inputs, output_hidden_states=True)
            hidden.append(output.hidden_states[-1][:, 0])
            logits.append(output.logits)
        torch.cat(hidden)
        return torch.cat(logits)

    return _run(read, texts)


def with_pipeline(adapter: Path, texts: Texts) -> Run:
    """Return the run of the pipeline, which gives logits and no features."""
    model, tokenizer = _load(adapter)
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer)
    classes = [model.config.id2label[index] for index in range(model.config.num_labels)]

    def read(some: list[str]) -> Tensor:
        answers: Any = classify(
            some, batch_size=BATCH, top_k=None, function_to_apply="none", truncation=True, max_length=MAX_LENGTH
        )
        scores = ({answer["label"]: answer["score"] for answer in row} for row in answers)
        return torch.tensor([[row[name] for name in classes] for row in scores])

    return _run(read, texts)


def _load(adapter: Path) -> tuple[Any, Any]:
    base = resolve_base_model("minilm")
    with quiet_transformers(), quiet_peft():
        model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=2)
        return PeftModel.from_pretrained(model, str(adapter)).eval(), AutoTokenizer.from_pretrained(base)


def _run(read: Callable[[list[str]], Tensor], texts: Texts) -> Run:
    read(texts.uniform[:BATCH])
    mixed = timed(lambda: read(texts.mixed))
    uniform = timed(lambda: read(texts.uniform))
    return Run(mixed.seconds, uniform.peak_mb, Answer(uniform.seconds, mixed.answer, uniform.answer))


def agreement(first: Answer, second: Answer) -> tuple[float, bool]:
    """Return the largest difference of logits, and whether it is small and all predictions are the same."""
    pairs = [(first.mixed, second.mixed), (first.uniform, second.uniform)]
    gap = max(float((one - other).abs().max()) for one, other in pairs)
    return gap, gap < TOLERANCE and all(torch.equal(one.argmax(-1), other.argmax(-1)) for one, other in pairs)


def over(others: Sequence[Run], own: Sequence[Run], seconds: Callable[[Run], float]) -> float:
    """Return the median ratio of times, run by run."""
    return round(median(seconds(other) / seconds(run) for other, run in zip(others, own, strict=True)), 2)


def compare_ways(rows: int, repeats: int, target: Path | None) -> None:
    """Compare the four ways."""
    texts = make_texts(rows)
    with tempfile.TemporaryDirectory() as folder:
        adapter = Path(folder, "adapter")
        copy_packaged_adapter(adapter)
        by_onnx = partial(ours, backend="onnx")
        # Once for nothing, so that no run that counts also traces the graph.
        alone(partial(by_onnx, adapter, Texts(texts.mixed[:1], texts.uniform[:1])))
        ways = [partial(way, adapter, texts) for way in (ours, plain_loop, with_pipeline, by_onnx)]
        own, loop, piped, onnx = in_turn(ways, repeats)
    found = [agreement(own[0].answer, other[0].answer) for other in (loop, piped, onnx)]
    report(
        "extraction",
        own,
        loop,
        agree=all(agree for _, agree in found),
        target=target,
        pipeline_ratio=over(piped, own, lambda run: run.seconds),
        uniform_ratio=over(loop, own, lambda run: run.answer.uniform_seconds),
        uniform_pipeline_ratio=over(piped, own, lambda run: run.answer.uniform_seconds),
        pipeline_peak_mb=round(max(run.peak_mb for run in piped)),
        onnx_ratio=over(loop, onnx, lambda run: run.seconds),
        uniform_onnx_ratio=over(loop, onnx, lambda run: run.answer.uniform_seconds),
        onnx_over_torch=over(own, onnx, lambda run: run.seconds),
        uniform_onnx_over_torch=over(own, onnx, lambda run: run.answer.uniform_seconds),
        onnx_peak_mb=round(max(run.peak_mb for run in onnx)),
        largest_logit_gap=max(gap for gap, _ in found),
        rows=rows,
        long_texts=LONG if local_folder(LONG) is not None else "reviews in a row",
    )


def main() -> None:
    """Run the benchmark."""
    parser = parser_of(__doc__)
    parser.add_argument("--tiny", action="store_true", help="many rows through a very small model, for memory")
    parser.add_argument("--rows", type=int, help="how many rows instead of the usual number")
    options = parser.parse_args()
    if options.tiny:
        write(growth(options.rows or 1_000_000), options.json)
        return
    rows, repeats = (1024, 2) if options.full else (64, 1)
    compare_ways(options.rows or rows, repeats, options.json)


if __name__ == "__main__":
    main()
