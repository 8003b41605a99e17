"""How long commands take from nothing: `adue info` and `adue predict` of one row, each in a process of its own.

`adue info` is held against `import torch` and, with ``--before``, against an older build; `adue predict` against a
script of ten lines with transformers and peft that prints the same label. All ways are run in turn, so that a slow
minute of the machine hits all of them. Processor time is that of user and system together, of the whole process.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import adue
from adue import AdueModel
from adue.datasets import load_splits
from adue.models.pretrained import resolve_base_model
from adue.workflows.demo import copy_packaged_adapter
from measure import parser_of, write

SOURCE = Path(adue.__file__).parents[1]
TEXT = "a film to remember"
PLAIN = """\
import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer
names = ["negative", "positive"]
tokenizer = AutoTokenizer.from_pretrained({base!r})
model = AutoModelForSequenceClassification.from_pretrained({base!r}, num_labels=2)
model = PeftModel.from_pretrained(model, {adapter!r}).eval()
with torch.inference_mode():
    logits = model(**tokenizer({text!r}, return_tensors="pt")).logits
print(names[int(logits.argmax())])
"""


@dataclass(frozen=True)
class Process:
    """What one process printed, and its seconds by the clock and of all processors."""

    printed: str
    wall: float
    processor: float


def run(arguments: list[str], source: Path = SOURCE) -> Process:
    """Return one run of Python with `arguments`, and the packages in `source` before all others."""
    environment = os.environ | {"PYTHONPATH": str(source), "HF_HUB_OFFLINE": "1"}
    before, started = os.times(), time.perf_counter()
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    wall, after = time.perf_counter() - started, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Process(done.stdout.strip(), wall, used)


def fit_packaged(folder: Path, train_rows: int) -> Path:
    """Return a folder with the packaged adapter and a head fitted to it."""
    copy_packaged_adapter(folder)
    model, splits = AdueModel.from_pretrained(folder), load_splits("reviews")
    parts = (splits[name].select(range(count)) for name, count in (("train", train_rows), ("validation", 500)))
    rows = [model.extract(part["text"][:], part["label"][:]) for part in parts]
    model.fit_features(*rows).save_pretrained(folder)
    return folder


def ways_of(adapter: Path, before: Path | None) -> dict[str, Callable[[], Process]]:
    """Return what is measured, by name."""
    rows = adapter.parent / "row.jsonl"
    rows.write_text(json.dumps({"text": TEXT}) + "\n", encoding="utf-8")
    base = resolve_base_model("minilm")
    info = ["-m", "adue", "info", str(adapter), "--json"]
    ways: dict[str, Callable[[], Process]] = {
        "info": partial(run, info),
        "import_torch": partial(run, ["-c", "import torch"]),
        "predict": partial(run, ["-m", "adue", "predict", str(adapter), str(rows), "--out", "-"]),
        "script": partial(run, ["-c", PLAIN.format(base=base, adapter=str(adapter), text=TEXT)]),
        "import_adue": partial(run, ["-c", "import adue"]),
        "python": partial(run, ["-c", "pass"]),
    }
    return ways if before is None else {"info_before": partial(run, info, before / "src"), **ways}


def measure(ways: Mapping[str, Callable[[], Process]], turns: int) -> dict[str, list[Process]]:
    """Return the runs of all ways in turn; the first turn, which fills the system's file cache, does not count."""
    runs: dict[str, list[Process]] = {name: [] for name in ways}
    for turn in range(-1, turns):
        for name, way in ways.items():
            done = way()
            if turn >= 0:
                runs[name].append(done)
    return runs


def ratios(runs: Mapping[str, list[Process]], ours: str, other: str) -> dict[str, float]:
    """Return the median ratios of our time over the other's, of the runs of each turn."""
    pairs = list(zip(runs[ours], runs[other], strict=True))
    return {
        "processor": round(statistics.median(mine.processor / theirs.processor for mine, theirs in pairs), 3),
        "wall": round(statistics.median(mine.wall / theirs.wall for mine, theirs in pairs), 3),
    }


def agree(runs: Mapping[str, list[Process]]) -> bool:
    """Return whether all builds say the same of the adapter, and the script gives the label that adue gives."""
    label = json.loads(runs["predict"][0].printed)["label"]
    said = [json.loads(runs[name][0].printed) for name in ("info", "info_before") if name in runs]
    return runs["script"][0].printed == label and all(one == said[0] for one in said)


def main() -> None:
    """Run the benchmark."""
    parser = parser_of(__doc__)
    parser.add_argument("--before", type=Path, help="checkout of an older build, to measure its adue info too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        adapter = fit_packaged(Path(folder) / "adapter", train_rows=7000 if options.full else 500)
        runs = measure(ways_of(adapter, options.before), turns=9 if options.full else 3)
    pairs = {"info_over_import_torch": ("info", "import_torch"), "predict_over_script": ("predict", "script")}
    if options.before is not None:
        pairs["info_over_before"] = ("info", "info_before")
    result = {
        "benchmark": "startup",
        "agree": agree(runs),
        **{name: ratios(runs, *pair) for name, pair in pairs.items()},
        "processor_seconds": {
            name: round(statistics.median(one.processor for one in done), 3) for name, done in runs.items()
        },
        "seconds": {name: round(statistics.median(one.wall for one in done), 3) for name, done in runs.items()},
        "versions": {package: version(package) for package in ("adue", "torch", "transformers", "peft")},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }
    write(result, options.json)


if __name__ == "__main__":
    main()
