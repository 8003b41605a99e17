"""What `adue predict --engine ray` does apart from the cluster: one worker's part, and refusals before that."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adue import ArtifactError, DataError, MissingExtraError
from adue.foundation.scaling.pieces import find_pieces
from adue.workflows.options import ModelOptions
from adue.workflows.predict_ray import PieceScorer, ScoringJob, predict_on_ray
from tests.support.adapters import random_texts
from tests.support.workspace import Workspace

Score = Callable[[pa.Table], list[dict[str, Any]]]


@pytest.fixture
def score(fitted: Workspace, tmp_path: Path) -> Score:
    """Return what one worker counts in each piece of a table; the pieces are in tmp_path / "out"."""

    def run(table: pa.Table) -> list[dict[str, Any]]:
        source, out = tmp_path / "texts.parquet", tmp_path / "out"
        pq.write_table(table, source)
        out.mkdir(exist_ok=True)
        scorer = PieceScorer(ScoringJob(str(fitted.adapter), str(source), str(out), None, "", ModelOptions()))
        return [scorer(asdict(piece)) for piece in find_pieces(str(source))]

    return run


def test_a_piece_is_written_with_three_columns_more_and_counted(score: Score, tmp_path: Path) -> None:
    table = pa.table(
        {"id": [1, 2, 3], "text": ["good film", " ", "bad plot"], "d": pa.array([1, 2, None], pa.date32())}
    )
    (count,) = score(table)
    written = pq.read_table(tmp_path / "out" / "part-0000000.parquet")
    assert written.select(["id", "text", "d"]).equals(table)
    assert written.column_names[3:] == ["label", "probability", "uncertainty"]
    assert (count["rows"], count["empty"]) == (3, 1)
    assert count["uncertainty"] == pytest.approx(sum(written["uncertainty"].to_pylist()))


@pytest.mark.usefixtures("second_choice")
def test_a_column_that_is_added_to_the_definition_is_written_by_a_worker(score: Score, tmp_path: Path) -> None:
    (count,) = score(pa.table({"text": ["good film", "bad plot"]}))
    written = pq.read_table(tmp_path / "out" / "part-0000000.parquet")
    assert written.schema.names == ["text", "label", "probability", "uncertainty", "second_choice"]
    assert written.schema.field("second_choice").type == pa.int8()
    assert sum(json.loads(count["labels"]).values()) == count["rows"] == 2


def test_a_piece_that_is_there_is_counted_and_not_scored_again(score: Score, tmp_path: Path) -> None:
    table = pa.table({"text": random_texts(20)})
    first = score(table)
    path = tmp_path / "out" / "part-0000000.parquet"
    before = path.stat().st_mtime_ns
    assert score(table) == first
    assert path.stat().st_mtime_ns == before


def test_a_row_without_text_is_named_with_its_file(
    score: Score, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("adue.foundation.scaling.pieces.PIECE_ROWS", 2)
    with pytest.raises(DataError, match=r"row 4 of .*texts\.parquet has no text in the column 'text' \(found: None\)"):
        score(pa.table({"text": ["good", "bad", "fine", None]}))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["part-0000000.parquet"]


def test_a_column_that_would_be_overwritten_is_refused(score: Score) -> None:
    with pytest.raises(DataError, match=r"already have the column 'label', which would be overwritten; .*--prefix"):
        score(pa.table({"text": ["good"], "label": [1]}))


def test_a_folder_with_anything_in_it_is_refused_and_left_alone(fitted: Workspace, tmp_path: Path) -> None:
    source, out = tmp_path / "texts.parquet", tmp_path / "out"
    pq.write_table(pa.table({"text": ["good"]}), source)
    out.mkdir()
    (out / "mine.parquet").touch()
    with pytest.raises(ArtifactError, match=r"out is there already and not empty; give a new folder with --out"):
        predict_on_ray(fitted.adapter, str(source), str(out))
    assert [path.name for path in out.iterdir()] == ["mine.parquet"]


def test_an_adapter_without_a_head_is_refused(raw: Workspace, tmp_path: Path) -> None:
    source = tmp_path / "texts.parquet"
    pq.write_table(pa.table({"text": ["good"]}), source)
    with pytest.raises(ArtifactError, match="has no uncertainty head yet; fit one with adue fit"):
        predict_on_ray(raw.adapter, str(source), str(tmp_path / "out"))


def test_without_ray_the_extra_is_named_and_another_run_is_refused_the_folder(
    fitted: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "texts.parquet", tmp_path / "out"
    pq.write_table(pa.table({"text": ["good"]}), source)
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "adue.foundation.scaling.cluster", raising=False)
    with pytest.raises(MissingExtraError, match=r'needs the package ray\[data\]; run pip install "adue\[ray\]"'):
        predict_on_ray(fitted.adapter, str(source), str(out))
    with pytest.raises(ArtifactError, match=r"holds the output of another run \(see _adue\.json in it\); give a new"):
        predict_on_ray(fitted.adapter, str(source), str(out), prefix="p_")
