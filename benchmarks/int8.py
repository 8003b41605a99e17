"""What 8 bits give and cost: the packaged adapter by PyTorch, and its exported graph in float32 and in 8 bits.

The score is fitted once, with half of the validation rows; speed, accuracy, AUROC and changes are of the other half.
`ratio` is PyTorch's time over that of the graph in 8 bits; `agree` tells whether the graph in float32 answers alike.
"""

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, roc_auc_score

from adue import AdueModel
from adue.datasets import load_splits
from adue.foundation.types import Predictions
from adue.models.export import OnnxAdueModel, export_onnx
from adue.workflows.demo import copy_packaged_adapter
from measure import Run, arguments, in_turn, report, speed, timed

TOLERANCE = 1e-4
"""How far U of the graph in float32 may lie from PyTorch's."""
PRECISIONS = ("float32", "int8")


def by_torch(adapter: Path, texts: list[str], *, merge: bool) -> Run:
    """Return the run of PyTorch."""
    return _run(AdueModel.from_pretrained(adapter, merge=merge), texts)


def by_graph(folder: Path, texts: list[str]) -> Run:
    """Return the run of ONNX Runtime on an exported graph."""
    return _run(OnnxAdueModel.from_pretrained(folder), texts)


def _run(model: AdueModel | OnnxAdueModel, texts: list[str]) -> Run:
    model.predict(texts[:32])
    return timed(lambda: model.predict(texts))


def quality(truth: np.ndarray, runs: list[Run], reference: list[Run]) -> dict[str, Any]:
    """Return the speed of one way against `reference`, how good its answers are, and how far they moved."""
    answers, expected = runs[0].answer, reference[0].answer
    return {
        **speed(runs, reference),
        "accuracy": round(100 * accuracy_score(truth, answers.labels), 2),
        "auroc": round(100 * roc_auc_score(answers.labels != truth, answers.uncertainty), 2),
        "changed_predictions": _count_changed(answers, expected),
        "largest_change_of_uncertainty": _largest_move(answers, expected),
    }


def _count_changed(answers: Predictions, expected: Predictions) -> int:
    return int((answers.labels != expected.labels).sum())


def _largest_move(answers: Predictions, expected: Predictions) -> float:
    return float(np.abs(answers.uncertainty - expected.uncertainty).max())


def main() -> None:
    """Run the benchmark."""
    options = arguments(__doc__)
    rows, repeats = (None, 7) if options.full else (64, 1)
    splits = load_splits("reviews", need=("train", "validation"))
    halves = splits["validation"].train_test_split(0.5, seed=0)
    texts, truth = halves["test"]["text"][:rows], np.array(halves["test"]["label"][:rows])
    with tempfile.TemporaryDirectory() as temporary:
        adapter = Path(temporary, "adapter")
        copy_packaged_adapter(adapter)
        model = AdueModel.from_pretrained(adapter, with_head=False).fit(splits["train"], halves["train"])
        model.save_pretrained(adapter)
        graphs = {name: export_onnx(model, Path(temporary, name), int8=name == "int8") for name in PRECISIONS}
        sizes = {name: round(graph.stat().st_size / 1e6, 1) for name, graph in graphs.items()}
        ways = [partial(by_torch, adapter, texts, merge=merge) for merge in (False, True)]
        ways += [partial(by_graph, graph.parent, texts) for graph in graphs.values()]
        plain, merged, float32, int8 = in_turn(ways, repeats)
    report(
        "int8",
        int8,
        plain,
        agree=_count_changed(float32[0].answer, plain[0].answer) == 0
        and _largest_move(float32[0].answer, plain[0].answer) <= TOLERANCE,
        target=options.json,
        rows=len(texts),
        graph_mb=sizes,
        torch=quality(truth, plain, plain),
        torch_merged=quality(truth, merged, plain),
        onnx_float32=quality(truth, float32, plain),
        onnx_int8=quality(truth, int8, plain),
    )


if __name__ == "__main__":
    main()
