"""Where everything of a benchmark lies on disk."""

from dataclasses import dataclass
from pathlib import Path

from adue.research.benchmark.stored_tensors import Store


@dataclass(frozen=True)
class Folders:
    """The files and folders of a benchmark inside one folder."""

    root: Path

    @property
    def cells(self) -> Path:
        """The table that everything is computed from."""
        return self.root / "cells.csv"

    @property
    def run_record(self) -> Path:
        """What is known of the runs that wrote it."""
        return self.root / "run.json"

    @property
    def features(self) -> Path:
        """Shards of extracted features, by their content; may be deleted when a run is over."""
        return self.root / "features"

    def adapter(self, model: str, data_set: str, seed: int) -> Path:
        """Return the folder of one adapter."""
        return self.root / "adapters" / model / data_set / f"seed-{seed}"

    def extraction(self, model: str, data_set: str, seed: int) -> Store:
        """Return what that adapter made of all sets of rows."""
        return Store(self.root / "extracted" / model / data_set / f"seed-{seed}")

    def scores(self, model: str, data_set: str, seed: int) -> Store:
        """Return the scores of that adapter's rows, a file for each method with a tensor for each set."""
        return Store(self.root / "scores" / model / data_set / f"seed-{seed}")
