"""Where a sweep lies on disk, so that a stopped one goes on: a table that grows, and heads that wait for the test."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from adue.foundation.errors import ArtifactError
from adue.foundation.files import atomic_write
from adue.heads.sweep import Weights
from adue.research.sensitivity.sweep_plan import Trial
from adue.research.sensitivity.trials import TrialResult

COLUMNS = {
    "experiment": "str",
    "value": "float64",
    "seed": "int64",
    "learning_rate": "float64",
    "alpha": "float64",
    "beta": "float64",
    "sharpness": "float64",
    "train_rows": "int64",
    "train_errors": "int64",
    "validation_rows": "int64",
    "validation_errors": "int64",
    "epoch": "int64",
    "chosen": "bool",
    "validation_auroc": "float64",
    "validation_softmax_response": "float64",
    "validation_gain_low": "float64",
    "validation_gain_high": "float64",
    "test_auroc": "float64",
    "test_softmax_response": "float64",
    "test_gain_low": "float64",
    "test_gain_high": "float64",
    "trial_seconds": "float64",
}
"""Of sweep.csv, one line per trained head. The columns of the test are empty until all trials are done, and stay so
for the heads of a curve that were not chosen; intervals, of AUROC minus that of softmax response, are there for chosen
heads."""


@dataclass(frozen=True)
class SweepFolder:
    """``sweep.csv``, ``sweep.json`` (what the sweep is of) and ``heads/`` inside one folder."""

    path: Path

    @property
    def table_path(self) -> Path:
        """One line per trained head."""
        return self.path / "sweep.csv"

    def claim(self, identity: Mapping[str, Any]) -> None:
        """Write what the sweep is of, or check that what is there is the same sweep.

        Raises
        ------
        ArtifactError
            When the folder holds the sweep of another adapter, other data or other values.
        """
        path, text = self.path / "sweep.json", json.dumps(identity, indent=2, sort_keys=True) + "\n"
        if path.is_file():
            if path.read_text(encoding="utf-8") != text:
                raise ArtifactError(
                    f"{self.path} holds another sweep (of another adapter, data, values or version); choose another "
                    "--out, or remove this folder"
                )
            return
        with atomic_write(path) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def table(self) -> pd.DataFrame:
        """Return the lines so far, without those whose heads are lost.

        Raises
        ------
        ArtifactError
            When the file is not such a table.
        """
        if not self.table_path.is_file():
            return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in COLUMNS.items()})
        try:
            table = pd.read_csv(self.table_path, dtype=COLUMNS)[list(COLUMNS)]
        except (ValueError, KeyError) as error:
            raise ArtifactError(
                f"{self.table_path} is not the table of a sweep ({error}); remove the folder"
            ) from error
        usable = [
            trial
            for trial, lines in by_trial(table).items()
            if lines["test_auroc"].notna().any() or self._heads_path(trial).is_file()
        ]
        return table[trials_in(table).isin(usable)].reset_index(drop=True)

    def add(self, trial: Trial, result: TrialResult) -> None:
        """Keep one trial: its heads first, so that a line in the table means that its heads are there."""
        with atomic_write(self._heads_path(trial)) as temporary:
            temporary.write_bytes(save({name: w.contiguous() for name, w in result.weights.items()}))
        empty = dict.fromkeys(name for name in COLUMNS if name.startswith("test_"))
        new = result.lines.assign(**empty).astype(COLUMNS)[list(COLUMNS)]
        self.write(pd.concat([self.table(), new], ignore_index=True))

    def write(self, table: pd.DataFrame) -> None:
        """Put `table` in place of the one that is there."""
        with atomic_write(self.table_path) as temporary:
            table.to_csv(temporary, index=False)

    def heads(self, trial: Trial) -> list[Weights]:
        """Return the weights of the heads that one trial kept, in the order of its lines.

        Raises
        ------
        ArtifactError
            When the file is damaged.
        """
        path = self._heads_path(trial)
        try:
            stacked = load_file(path)
        except (OSError, SafetensorError) as error:
            raise ArtifactError(
                f"{path} is damaged ({error}); remove it, the next run trains these heads again"
            ) from error
        (count,) = {len(weights) for weights in stacked.values()}
        return [{name: weights[index] for name, weights in stacked.items()} for index in range(count)]

    def forget_heads(self, trials: Sequence[Trial]) -> None:
        """Remove the heads of trials that the table has test results of."""
        for trial in trials:
            self._heads_path(trial).unlink(missing_ok=True)

    def _heads_path(self, trial: Trial) -> Path:
        return self.path / "heads" / f"{trial.key}.safetensors"


def by_trial(table: pd.DataFrame) -> dict[Trial, pd.DataFrame]:
    """Return the lines of each trial, in the order of the table."""
    trials = trials_in(table)
    return {trial: table[(trials == trial).to_numpy()] for trial in dict.fromkeys(trials)}


def trials_in(table: pd.DataFrame) -> "pd.Series[Any]":
    """Return the trial of every line."""
    columns = (table[name].tolist() for name in ("experiment", "value", "seed"))
    return pd.Series([Trial(*triple) for triple in zip(*columns, strict=True)], index=table.index, dtype=object)


def kept_lines(lines: pd.DataFrame) -> np.ndarray:
    """Return the index of the lines of one trial whose heads were kept: all of the grid, the chosen one of a curve."""
    whole = (lines["experiment"] == "grid").to_numpy()
    return np.asarray(lines.index[whole | lines["chosen"].to_numpy()])
