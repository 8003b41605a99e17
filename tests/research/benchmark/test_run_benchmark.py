"""The benchmark from a configuration to cells.csv, with tiny models."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from safetensors.torch import load_file

from adue.foundation.errors import ArtifactError, DataError, MissingExtraError
from adue.research.benchmark.cells_csv import CellTable
from adue.research.benchmark.configuration import BenchmarkConfig
from adue.research.benchmark.folders import Folders
from adue.research.benchmark.run_benchmark import Benchmark
from adue.research.methods import FAMILIES, FitRows, Method, Scorer, all_methods, method_groups
from tests.research.benchmark.conftest import Ground

SECONDS = ("fit_seconds", "predict_seconds")


def rows_of(folders: Folders) -> list[dict[str, str]]:
    """Return the rows without what the clock says."""
    return [{k: v for k, v in row.items() if k not in SECONDS} for row in CellTable(folders.cells).read()]


@pytest.fixture
def folders(finished: Folders, tmp_path: Path) -> Folders:
    """A copy of the finished benchmark, to be gone on with."""
    return Folders(shutil.copytree(finished.root, tmp_path / "copy"))


def broken(_: FitRows) -> Scorer:
    raise DataError("there is nothing to learn here")


def unlucky(_: FitRows) -> Scorer:
    raise np.linalg.LinAlgError("singular")


def without_its_extra(_: FitRows) -> Scorer:
    raise MissingExtraError("it needs a package; run pip install it")


@pytest.fixture
def extra_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    fits = {"broken": broken, "unlucky": unlucky, "extra": without_its_extra}
    methods = tuple(Method(name, "this test", fit) for name, fit in fits.items())
    monkeypatch.setitem(FAMILIES, "this test", lambda: methods)


def test_there_is_one_row_per_cell_and_method(finished: Folders) -> None:
    rows = rows_of(finished)
    assert len(rows) == 2 * 2 * 2 * 3
    assert {row["method"] for row in rows} == {"softmax-response", "entropy", "margin"}
    assert {(row["evaluation_set"], row["shifted"], row["n"]) for row in rows} == {
        ("mine", "false", "80"),
        ("away", "true", "60"),
    }


def test_a_row_says_what_its_scores_say(finished: Folders) -> None:
    row = next(row for row in rows_of(finished) if row["method"] == "margin")
    assert int(row["errors"]) == round((1 - float(row["accuracy"])) * int(row["n"]))
    kept = load_file(finished.scores("bert", "mine", 0).path("margin mine"))
    assert kept["u"].shape == (80,)
    assert kept["rows"].tolist() == list(range(80))


def test_the_softmax_response_differs_from_itself_by_nothing(finished: Folders) -> None:
    for row in rows_of(finished):
        if row["method"] == "softmax-response":
            assert (row["sr_difference"], row["sr_low"], row["sr_high"]) == ("0", "0", "0")


def test_two_classes_make_margin_and_softmax_response_rank_alike(finished: Folders) -> None:
    auroc = {(r["model"], r["seed"], r["evaluation_set"], r["method"]): r["auroc"] for r in rows_of(finished)}
    for (model, seed, where, method), value in auroc.items():
        if method == "margin":
            assert float(value) == pytest.approx(float(auroc[model, seed, where, "softmax-response"]), abs=1e-3)


def test_a_finished_benchmark_has_nothing_to_do(ground: Ground, folders: Folders) -> None:
    before = {path: path.stat().st_mtime_ns for path in folders.root.rglob("*") if path.suffix != ".json"}
    Benchmark(ground.config(), folders).run(workers=1)
    assert {path: path.stat().st_mtime_ns for path in before if path.is_file()} == {
        path: time for path, time in before.items() if path.is_file()
    }


def test_a_new_method_is_added_to_the_rows_that_are_there(ground: Ground, folders: Folders) -> None:
    before = folders.cells.read_bytes()
    Benchmark(ground.config(methods=["entropy", "margin", "energy"]), folders).run(workers=1)
    after = folders.cells.read_bytes()
    assert after.startswith(before)
    assert {row["method"] for row in rows_of(folders)[-8:]} == {"energy"}


def test_the_papers_method_added_later_is_compared_with_all_and_known_to_those_after_it(
    ground: Ground, folders: Folders
) -> None:
    Benchmark(ground.config(methods=["adue-paper", "entropy", "margin"], seeds=[0]), folders).run(workers=1)
    Benchmark(ground.config(methods=["energy"], seeds=[0]), folders).run(workers=1)
    rows = [row for row in rows_of(folders) if row["seed"] == "0"]
    assert {row["method"] for row in rows} == {"softmax-response", "adue-paper", "entropy", "margin", "energy"}
    missing = {row["method"] for row in rows if row["paper_difference"] == ""}
    assert missing <= {"softmax-response"}
    assert len(rows) == 5 * 4


def test_a_reference_whose_scores_are_lost_is_scored_again(ground: Ground, folders: Folders) -> None:
    before = folders.cells.read_bytes()
    shutil.rmtree(folders.root / "scores")
    Benchmark(ground.config(methods=["energy"]), folders).run(workers=1)
    assert folders.cells.read_bytes().startswith(before)
    assert all(row["sr_difference"] != "" for row in rows_of(folders))


def test_where_a_reference_is_redone_so_is_what_is_compared_with_it(ground: Ground, folders: Folders) -> None:
    before = rows_of(folders)
    Benchmark(ground.config(), folders, redo=["softmax-response"]).run(workers=1)
    after = rows_of(folders)
    assert sorted(map(str, after)) == sorted(map(str, before))
    redone = [row["method"] for row in after if row["seed"] == "0" and row["model"] == "bert"]
    assert redone[:2] == ["softmax-response", "softmax-response"]


def test_other_evaluation_rows_are_scored_anew_and_no_row_stands_twice(ground: Ground, folders: Folders) -> None:
    adapters = {path: path.stat().st_mtime_ns for path in folders.root.glob("adapters/**/*.safetensors")}
    Benchmark(ground.config(evaluation_rows=50), folders).run(workers=1)
    rows = rows_of(folders)
    assert len(rows) == 24
    assert {row["n"] for row in rows} == {"50"}
    assert {path: path.stat().st_mtime_ns for path in adapters} == adapters


def test_rows_can_be_computed_again(ground: Ground, folders: Folders) -> None:
    before = rows_of(folders)
    lines: list[str] = []
    Benchmark(ground.config(), folders, redo=["margin"], on_line=lines.append).run(workers=1)
    after = rows_of(folders)
    assert sorted(map(str, after)) == sorted(map(str, before))
    assert {row["method"] for row in after[-8:]} == {"margin"}


def test_only_rows_that_are_asked_for_are_computed_again(ground: Ground, folders: Folders) -> None:
    before = rows_of(folders)
    Benchmark(ground.config(seeds=[0]), folders, redo=["margin"]).run(workers=1)
    after = rows_of(folders)
    assert sorted(map(str, after)) == sorted(map(str, before))
    assert [row["method"] for row in after[-4:]] == 4 * ["margin"]
    assert {row["seed"] for row in after[-4:]} == {"0"}


def test_rows_that_are_no_longer_asked_for_stay(ground: Ground, folders: Folders) -> None:
    before = folders.cells.read_bytes()
    Benchmark(ground.config(methods=["entropy"], seeds=[0]), folders).run(workers=1)
    assert folders.cells.read_bytes() == before


@pytest.mark.usefixtures("extra_methods")
def test_a_method_that_fails_leaves_its_reason_and_the_others_their_rows(ground: Ground, folders: Folders) -> None:
    Benchmark(ground.config(methods=["broken", "unlucky", "energy"], seeds=[0]), folders).run(workers=1)
    rows = {(row["method"], row["model"], row["evaluation_set"]): row for row in rows_of(folders) if row["seed"] == "0"}
    failed = rows["broken", "bert", "mine"]
    assert failed["note"] == "failed: there is nothing to learn here"
    assert (failed["auroc"], failed["sr_low"], failed["n"]) == ("", "", "80")
    assert rows["unlucky", "bert", "mine"]["note"] == "failed: LinAlgError: singular"
    assert rows["energy", "llama", "away"]["auroc"] != ""


@pytest.mark.usefixtures("extra_methods")
def test_a_method_whose_extra_is_missing_is_named_once_and_has_no_rows(ground: Ground, folders: Folders) -> None:
    benchmark = Benchmark(ground.config(methods=["extra"]), folders)
    benchmark.run(workers=1)
    assert benchmark.failures == ["extra is left out: it needs a package; run pip install it"]
    assert "extra" not in {row["method"] for row in rows_of(folders)}


def test_without_training_cells_without_an_adapter_are_left_out(ground: Ground, folders: Folders) -> None:
    Benchmark(ground.config(seeds=[0, 1, 2]), folders, train=False).run(workers=1)
    assert {row["seed"] for row in rows_of(folders)} == {"0", "1"}
    assert not folders.adapter("bert", "mine", 2).exists()


def test_methods_of_several_passes_are_compared_where_they_can_be(ground: Ground, folders: Folders) -> None:
    pytest.importorskip("laplace")
    sampling = {
        "mc-dropout": {"passes": 3, "seeds": [0], "rows": 30},
        "lora-laplace": {"passes": 2, "seeds": [1]},
    }
    methods = ["deep-ensemble", "mc-dropout-bald", "lora-laplace"]
    Benchmark(ground.config(methods=methods, sampling=sampling), folders).run(workers=1)
    found = {name: [row for row in rows_of(folders) if row["method"] == name] for name in methods}
    assert len(found["deep-ensemble"]) == 8
    assert all(row["auroc"] for row in found["deep-ensemble"] + found["lora-laplace"])
    assert {(row["model"], row["seed"]) for row in found["lora-laplace"]} == {("bert", "1"), ("llama", "1")}
    dropout = {model: [row for row in found["mc-dropout-bald"] if row["model"] == model] for model in ("bert", "llama")}
    assert {(row["n"], row["seed"], bool(row["auroc"])) for row in dropout["bert"]} == {("30", "0", True)}
    # A LLaMA without dropout anywhere has nothing to draw, and says so.
    assert all("no layer of this model drops anything" in row["note"] for row in dropout["llama"])


def test_a_task_that_cannot_be_prepared_does_not_stop_the_others(ground: Ground, tmp_path: Path) -> None:
    plain = ground.config(seeds=[0]).to_dict()
    plain["models"].pop("llama")
    plain["data_sets"] = {"gone": {"source": "gone.csv"}} | plain["data_sets"]
    benchmark = Benchmark(BenchmarkConfig.from_dict(plain), Folders(tmp_path))
    benchmark.run(workers=1)
    (failure,) = benchmark.failures
    assert failure.startswith("bert/gone: there is no file gone.csv")
    assert len(rows_of(Folders(tmp_path))) == 2 * 3


def test_two_runs_in_one_folder_are_refused(ground: Ground, folders: Folders) -> None:
    with FileLock(folders.root / ".lock"), pytest.raises(ArtifactError, match="another run is writing to"):
        Benchmark(ground.config(), folders).run(workers=1)


def test_every_group_holds_methods() -> None:
    methods, groups = all_methods(), method_groups()
    assert all(name in methods for names in groups.values() for name in names)
    assert set(groups["all"]) == set(methods)
