import json
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

from adue.research.benchmark.configuration import BenchmarkConfig
from adue.research.benchmark.folders import Folders
from adue.research.benchmark.run_benchmark import Benchmark
from tests.support.tiny import WORDS, save_tiny_base

NAMES = ("negative", "positive")
QUICK = {"learning_rate": 0.01, "max_epochs": 2, "batch_size": 16}


def write_split(path: Path, rows: int, seed: int, wrong: float = 0.25) -> None:
    """Write texts whose first word shows their label, but for a share of them."""
    draw = random.Random(seed)
    lines = []
    for _ in range(rows):
        label = draw.randrange(2)
        words = [WORDS[6 * label + draw.randrange(6)], *draw.choices(WORDS[12:], k=draw.randint(1, 6))]
        named = label if draw.random() > wrong else 1 - label
        lines.append(json.dumps({"text": " ".join(words), "label": NAMES[named]}))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_data(folder: Path, seed: int = 0) -> Path:
    for number, (split, rows) in enumerate((("train", 96), ("validation", 64), ("test", 80))):
        write_split(folder / f"{split}.jsonl", rows, 10 * seed + number)
    return folder


@dataclass(frozen=True)
class Ground:
    """Two tiny base models, a data set, and another domain of it."""

    folder: Path

    def values(self, **changes: object) -> dict[str, object]:
        """Return a configuration as it stands in a file."""
        plain = {"training": QUICK, "batch_size": 16}
        return {
            "models": {name: {"base_model": str(self.folder / name), **plain} for name in ("bert", "llama")},
            "data_sets": {
                "mine": {"source": str(self.folder / "mine"), "shifted": {"away": str(self.folder / "away.jsonl")}}
            },
            "seeds": [0, 1],
            "methods": ["entropy", "margin"],
            "resamples": 100,
            **changes,
        }

    def config(self, **changes: object) -> BenchmarkConfig:
        return BenchmarkConfig.from_dict(self.values(**changes))

    def write(self, path: Path, **changes: object) -> Path:
        path.write_text(yaml.safe_dump(self.values(**changes)), encoding="utf-8")
        return path


@pytest.fixture(scope="session")
def ground(made_once: Path) -> Ground:
    folder = made_once / "ground"
    with FileLock(f"{folder}.lock"):
        if not (folder / "away.jsonl").exists():
            for model_type in ("bert", "llama"):
                save_tiny_base(folder / model_type, model_type, initializer_range=0.3)
            write_data(folder / "mine")
            write_split(folder / "away.jsonl", 60, seed=7, wrong=0.4)
    return Ground(folder)


@pytest.fixture(scope="session")
def finished(ground: Ground, made_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """The folder of a benchmark that has run, once for all processes; a copy."""
    folders = Folders(made_once / "finished")
    with FileLock(f"{folders.root}.lock"):
        if not folders.cells.exists():
            Benchmark(ground.config(), folders).run(workers=1)
    return Folders(shutil.copytree(folders.root, tmp_path_factory.mktemp("finished") / "copy"))
