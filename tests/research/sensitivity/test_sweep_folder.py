from pathlib import Path

import pytest
import torch

from adue.foundation.config import FitSettings, Grid
from adue.foundation.errors import ArtifactError
from adue.research.sensitivity.sweep_folder import COLUMNS, SweepFolder, by_trial, kept_lines
from adue.research.sensitivity.sweep_plan import SweepPlan, Trial
from adue.research.sensitivity.trials import TrialResult, run_trial
from tests.support.rows import random_head, rows_of

HEAD = random_head()
ONE = Grid(learning_rate=(1e-2,), alpha=(0, 1), beta=(0.1,))
PLAN = SweepPlan(grid=ONE, curve_grid=ONE, settings=FitSettings(max_epochs=1))
GRID, CURVE = Trial("grid", 100.0, 0), Trial("errors", 30.0, 0)


def result(trial: Trial) -> TrialResult:
    return run_trial(trial, PLAN, rows_of(HEAD), rows_of(HEAD, seed=1), HEAD)


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    made = SweepFolder(tmp_path / "sweep")
    for trial in (GRID, CURVE):
        made.add(trial, result(trial))
    return made


def test_a_folder_that_is_not_there_has_an_empty_table(tmp_path: Path) -> None:
    table = SweepFolder(tmp_path).table()
    assert (len(table), list(table.columns)) == (0, list(COLUMNS))


def test_what_is_added_is_read_back(folder: SweepFolder) -> None:
    table = folder.table()
    assert list(by_trial(table)) == [GRID, CURVE]
    assert table["test_auroc"].isna().all()
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == COLUMNS
    kept = result(CURVE).weights["out_weight"][0]
    (weights,) = folder.heads(CURVE)
    assert torch.equal(weights["out_weight"], kept)


def test_all_lines_of_the_grid_have_heads_and_of_a_curve_the_chosen_one(folder: SweepFolder) -> None:
    lines = by_trial(folder.table())
    assert len(kept_lines(lines[GRID])) == len(folder.heads(GRID)) == 2
    assert kept_lines(lines[CURVE]).tolist() == lines[CURVE].index[lines[CURVE]["chosen"]].tolist()


def test_lines_whose_heads_are_lost_before_the_test_do_not_count(folder: SweepFolder) -> None:
    folder.forget_heads([CURVE])
    assert list(by_trial(folder.table())) == [GRID]


def test_lines_with_test_results_need_no_heads(folder: SweepFolder) -> None:
    table = folder.table()
    folder.write(table.assign(test_auroc=0.7))
    folder.forget_heads([GRID, CURVE])
    assert list(by_trial(folder.table())) == [GRID, CURVE]


def test_a_damaged_file_of_heads_is_named(folder: SweepFolder) -> None:
    (folder.path / "heads" / "grid-100-0.safetensors").write_bytes(b"no")
    with pytest.raises(ArtifactError, match=r"grid-100-0.safetensors is damaged .* the next run trains these heads"):
        folder.heads(GRID)


def test_a_table_of_something_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "sweep.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ArtifactError, match=r"sweep.csv is not the table of a sweep"):
        SweepFolder(tmp_path).table()


def test_a_folder_is_claimed_for_one_sweep(tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path / "sweep")
    folder.claim({"adapter": "a"})
    folder.claim({"adapter": "a"})
    with pytest.raises(ArtifactError, match=r"holds another sweep .* choose another --out"):
        folder.claim({"adapter": "b"})
