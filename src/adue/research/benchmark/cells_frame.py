"""cells.csv as a data frame, and the matrices of AUROCs that standings are computed from."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from adue.foundation.errors import DataError
from adue.research.benchmark.cells_csv import COLUMNS, CellTable
from adue.research.benchmark.configuration import BenchmarkConfig
from adue.research.methods import Method, select_methods

TASK = ["model", "data_set", "evaluation_set"]
TEXT = frozenset({"model", "data_set", "evaluation_set", "method", "note", "key"})
WHOLE = frozenset({"seed", "n", "errors", "train_rows"})


def read_frame(path: Path, config: BenchmarkConfig | None = None) -> pd.DataFrame:
    """Return the rows of cells.csv, those that `config` asks for where one is given.

    Raises
    ------
    DataError
        When there are none.
    ArtifactError
        When the file has other columns.
    """
    frame = pd.DataFrame(CellTable(path).read(), columns=list(COLUMNS))
    for column in COLUMNS:
        if column == "shifted":
            frame[column] = frame[column] == "true"
        elif column not in TEXT:
            frame[column] = pd.to_numeric(frame[column]).astype(int if column in WHOLE else float)
    frame = frame if config is None else _select_asked(frame, config)
    if frame.empty:
        raise DataError(f"{path} holds no rows to make tables of; run adue benchmark without --render-only first")
    return frame


def _select_asked(frame: pd.DataFrame, config: BenchmarkConfig) -> pd.DataFrame:
    cells = {(task.model, task.data_set, seed) for task in config.tasks for seed in task.seeds}
    methods = {method.name for method in select_methods(config.asked_methods)}
    there = zip(frame["model"], frame["data_set"], frame["seed"], frame["method"], strict=True)
    asked = [(model, data_set, seed) in cells and method in methods for model, data_set, seed, method in there]
    return frame[asked].reset_index(drop=True)


@dataclass(frozen=True)
class Domain:
    """The in-domain rows or the shifted rows, and what they are called."""

    name: str
    frame: pd.DataFrame

    @classmethod
    def both(cls, frame: pd.DataFrame) -> "tuple[Domain, Domain]":
        """Return the in-domain rows and the shifted rows; companions of a test set are in neither."""
        in_domain = frame[~frame["shifted"] & (frame["evaluation_set"] == frame["data_set"])]
        return cls("in-domain", in_domain), cls("shifted", frame[frame["shifted"]])

    def auroc(self, methods: Collection[str]) -> pd.DataFrame:
        """Return AUROC averaged over seeds: a row per method, a column per task."""
        return self._by_task("auroc", methods, dropna=True)

    def differences(self, methods: Collection[str]) -> pd.DataFrame:
        """Return AUROC minus that of the softmax response on the same rows and seeds, shaped as `auroc`."""
        return self._by_task("sr_difference", methods, dropna=False)

    def complete(self, methods: Collection[str]) -> pd.DataFrame:
        """Return `auroc` of the methods that have scored all rows of every cell."""
        return self.auroc(complete_methods(self.frame).intersection(methods))

    def _by_task(self, column: str, methods: Collection[str], *, dropna: bool) -> pd.DataFrame:
        chosen = self.frame[self.frame["method"].isin(methods)]
        return chosen.pivot_table(
            index="method", columns=TASK, values=column, aggfunc="mean", dropna=dropna, sort=False
        )


def complete_methods(frame: pd.DataFrame) -> set[str]:
    """Return the methods that have an AUROC in every cell where any has one, on the same number of rows."""
    known = frame[frame["auroc"].notna()]
    most = known.groupby([*TASK, "seed"])["n"].transform("max")
    cells = known[known["n"] == most].groupby("method").size()
    return set(cells.index[cells == len(known.drop_duplicates([*TASK, "seed"]))])


def present_methods(frame: pd.DataFrame, methods: Collection[Method]) -> list[Method]:
    """Return those of `methods` that have rows."""
    there = set(frame["method"])
    return [method for method in methods if method.name in there]
