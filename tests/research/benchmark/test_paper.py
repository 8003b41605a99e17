"""configs/paper.yaml from end to end, with tiny random models of its four architectures in place of the large ones."""

import json
import random
from pathlib import Path

import pytest
import yaml

from adue.research.benchmark.folders import Folders
from adue.research.benchmark.workflow import benchmark
from adue.research.methods import method_groups
from tests.research.benchmark.test_run_benchmark import rows_of
from tests.support.tiny import WORDS, save_tiny_base

pytestmark = pytest.mark.slow

CONFIG = Path(__file__).parents[3] / "configs" / "paper.yaml"
ARCHITECTURES = {"roberta-base": "roberta", "electra-base": "electra", "llama-2-7b": "llama", "qwen2.5-7b": "qwen2"}


def write_data_set(folder: Path, classes: int) -> None:
    folder.mkdir(parents=True)
    draw = random.Random(classes)
    for split, rows in (("train", 100), ("validation", 80), ("test", 60)):
        labels = [row % classes for row in range(rows)]
        named = [label if draw.random() > 0.25 else draw.randrange(classes) for label in labels]
        texts = [f"{WORDS[label]} {' '.join(draw.choices(WORDS[12:], k=4))}" for label in labels]
        lines = [json.dumps({"text": text, "label": label}) for text, label in zip(texts, named, strict=True)]
        (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n")


def shrunk(folder: Path) -> Path:
    """Write the paper's configuration with tiny models, two of its data sets, one seed and one short epoch."""
    values = yaml.safe_load(CONFIG.read_text())
    assert set(values["models"]) == set(ARCHITECTURES)
    for name, model_type in ARCHITECTURES.items():
        save_tiny_base(folder / model_type, model_type, initializer_range=0.3)
        plan = values["models"][name]
        values["models"][name] = plan | {
            "base_model": str(folder / model_type),
            "training": plan["training"] | {"max_epochs": 1, "learning_rate": 0.01},
        }
    for name, classes in (("sst2", 2), ("sst5", 5)):
        write_data_set(folder / "data" / name, classes)
    path = folder / "paper.yaml"
    changes = {"data_sets": {"sst2": {}, "sst5": {"shifted": []}}, "seeds": [0], "resamples": 100}
    path.write_text(yaml.safe_dump(values | changes))
    return path


def test_four_architectures_are_trained_extracted_compared_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADUE_DATA_DIR", str(tmp_path / "data"))
    path = shrunk(tmp_path)
    values = yaml.safe_load(path.read_text())
    values["data_sets"]["sst2"] = {"shifted": []}
    path.write_text(yaml.safe_dump(values))
    result = benchmark(path, tmp_path / "out", workers=1)
    assert result.failures == ()
    rows = rows_of(Folders(tmp_path / "out"))
    asked = {name for group in values["methods"] for name in method_groups()[group]}
    assert {row["method"] for row in rows} == asked
    assert len(rows) == 4 * 2 * len(asked)
    measured = [row for row in rows if row["auroc"]]
    assert len(measured) == len(rows), {row["method"]: row["note"] for row in rows if not row["auroc"]}
    assert all((tmp_path / "out" / name).is_file() for name in ("tables.md", "tables.tex", "tables.html"))
