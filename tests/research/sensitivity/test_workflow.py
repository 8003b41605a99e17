"""The whole job on tiny models: resumed, and with the test rows opened at the end only."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from adue import AdueModel, ArtifactError, FitSettings
from adue.foundation.config import Grid
from adue.foundation.errors import DataError
from adue.research.sensitivity import SensitivityResult, SweepPlan, sensitivity, workflow
from adue.research.sensitivity.sweep_folder import SweepFolder
from adue.research.sensitivity.sweep_plan import Trial
from adue.research.sensitivity.trials import run_trial
from adue.workflows.fit import extract_split
from adue.workflows.options import ModelOptions
from tests.support.workspace import Workspace
from tests.workflows.conftest import NO_CACHE

ONE = Grid(learning_rate=(1e-2,), alpha=(0, 1), beta=(0, 1))
PLAN = SweepPlan(
    grid=ONE,
    curve_grid=ONE,
    sharpness=(10, 100),
    errors=(10,),
    validation_rows=(30,),
    seeds=2,
    settings=FitSettings(max_epochs=2),
)
TRIALS = 2 * (1 + 2 + 2 + 2)


def swept(space: Workspace, out: Path, plan: SweepPlan = PLAN, **options: Any) -> SensitivityResult:
    return sensitivity(space.adapter, space.data, out, plan=plan, model_options=NO_CACHE, **options)


def rows(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "sweep.csv").drop(columns="trial_seconds")


@pytest.fixture(scope="module")
def whole(raw: Workspace, tmp_path_factory: pytest.TempPathFactory) -> SensitivityResult:
    return swept(raw, tmp_path_factory.mktemp("sweep") / "out")


def test_every_head_has_its_line_and_chosen_heads_their_test_auroc(whole: SensitivityResult) -> None:
    table = pd.read_csv(whole.table)
    assert (whole.trials, whole.heads, len(table)) == (TRIALS, 4 * TRIALS, 4 * TRIALS)
    measured = table["test_auroc"].notna()
    assert measured.tolist() == ((table["experiment"] == "grid") | table["chosen"]).tolist()
    assert table.loc[table["chosen"], "test_gain_low"].notna().all()
    assert table.groupby(["experiment", "value", "seed"])["chosen"].sum().eq(1).all()


def test_report_and_summary_are_there_and_no_heads_are_left(whole: SensitivityResult) -> None:
    assert whole.findings[0] in Path(whole.report).read_text(encoding="utf-8")
    assert whole.findings[0] in Path(whole.summary).read_text(encoding="utf-8")
    assert not list(Path(whole.table).parent.rglob("*.safetensors"))


def test_the_adapters_folder_is_left_as_it_was(space: Workspace, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in space.adapter.iterdir()}
    swept(space, tmp_path / "out")
    assert {path: path.read_bytes() for path in space.adapter.iterdir()} == before


def test_the_test_rows_are_read_after_the_last_head_is_trained(
    raw: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []

    def trial(*arguments: Any) -> Any:
        events.append("trial")
        return run_trial(*arguments)

    def extract(*arguments: Any) -> Any:
        events.append(arguments[2])
        return extract_split(*arguments)

    monkeypatch.setattr(workflow, "run_trial", trial)
    monkeypatch.setattr(workflow, "extract_split", extract)
    swept(raw, tmp_path)
    assert events == ["reading train", "reading validation", *["trial"] * TRIALS, "reading test"]


def test_test_labels_have_no_say_in_which_heads_are_chosen(space: Workspace, whole: SensitivityResult) -> None:
    lines = [json.loads(line) for line in space.test_file.read_text().splitlines()]
    labels = [line["label"] for line in lines]
    space.test_file.write_text(
        "\n".join(json.dumps(line | {"label": other}) for line, other in zip(lines, labels[::-1], strict=True))
    )
    out = space.data.parent / "out"
    swept(space, out)
    ours, theirs = rows(out), rows(Path(whole.table).parent)
    kept = [name for name in ours if not str(name).startswith("test_")]
    pd.testing.assert_frame_equal(ours[kept], theirs[kept])
    assert not np.allclose(ours["test_auroc"].dropna(), theirs["test_auroc"].dropna())


def test_a_second_run_trains_nothing_and_more_seeds_add(
    raw: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept(raw, tmp_path, PLAN.model_copy(update={"seeds": 1}))
    first = rows(tmp_path)
    trained: list[Trial] = []

    def trial(which: Trial, *arguments: Any) -> Any:
        trained.append(which)
        return run_trial(which, *arguments)

    monkeypatch.setattr(workflow, "run_trial", trial)
    swept(raw, tmp_path, PLAN.model_copy(update={"seeds": 1}))
    assert trained == []
    more = swept(raw, tmp_path)
    assert {trial.seed for trial in trained} == {1}
    pd.testing.assert_frame_equal(rows(tmp_path)[: len(first)], first)
    assert more.heads == 2 * len(first)


def test_fewer_seeds_than_are_there_are_reported_alone(raw: Workspace, tmp_path: Path) -> None:
    swept(raw, tmp_path)
    assert swept(raw, tmp_path, PLAN.model_copy(update={"seeds": 1})).trials == TRIALS // 2
    assert len(rows(tmp_path)) == 4 * TRIALS


@pytest.mark.slow
def test_a_killed_run_goes_on_and_ends_as_if_it_had_not_been(
    raw: Workspace, tmp_path: Path, whole: SensitivityResult
) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.research.sensitivity import test_run as t; "
        "from tests.support.workspace import Workspace; "
        "t.swept(Workspace(Path(sys.argv[1]), Path(sys.argv[2])), Path(sys.argv[3]))"
    )
    out = tmp_path / "out"
    command = [sys.executable, "-c", code, str(raw.adapter), str(raw.data), str(out)]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[3], env=os.environ)
    deadline = time.monotonic() + 120
    while len(list(out.glob("heads/*"))) < 3 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=60)
    assert SweepFolder(out).table()["test_auroc"].isna().all()
    swept(raw, out)
    pd.testing.assert_frame_equal(rows(out), rows(Path(whole.table).parent))


def test_another_sweep_in_the_same_folder_is_refused(raw: Workspace, tmp_path: Path) -> None:
    swept(raw, tmp_path, PLAN.model_copy(update={"seeds": 1}))
    with pytest.raises(ArtifactError, match="holds another sweep"):
        swept(raw, tmp_path, PLAN.model_copy(update={"errors": (20,)}))
    with pytest.raises(ArtifactError, match="holds another sweep"):
        swept(raw, tmp_path, train_rows=100)
    with pytest.raises(ArtifactError, match="holds another sweep"):
        sensitivity(raw.adapter, raw.data, tmp_path, plan=PLAN, model_options=ModelOptions(max_length=4))


def test_training_rows_can_be_fewer(raw: Workspace, tmp_path: Path) -> None:
    result = swept(raw, tmp_path, PLAN.model_copy(update={"seeds": 1}), train_rows=100)
    table = pd.read_csv(result.table)
    assert (table.loc[table["experiment"] == "grid", "train_rows"] == 100).all()


def test_data_without_test_rows_is_refused_before_anything_is_trained(space: Workspace, tmp_path: Path) -> None:
    space.test_file.unlink()
    with pytest.raises(DataError, match="has no test split"):
        swept(space, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_rows_without_an_error_are_refused(space: Workspace, tmp_path: Path) -> None:
    model = AdueModel.from_pretrained(space.adapter)
    path = space.data / "validation.jsonl"
    texts = [json.loads(line)["text"] for line in path.read_text().splitlines()]
    labels = [model.id2label[int(i)] for i in model.predict_proba(texts).argmax(axis=-1)]
    path.write_text("\n".join(json.dumps({"text": t, "label": n}) for t, n in zip(texts, labels, strict=True)))
    with pytest.raises(DataError, match="AUROC is undefined on the validation data"):
        swept(space, tmp_path / "out")
