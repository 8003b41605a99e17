"""Every command says how much of a text is read, who says so, and how many texts were cut."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from adue.foundation.config import Reading, TokenLimit
from adue.workflows.evaluate import evaluate
from adue.workflows.fit import FitResult, fit
from adue.workflows.info import info
from adue.workflows.options import ModelOptions
from adue.workflows.predict import predict
from tests.support.workspace import Workspace

SHORT = 5
"""Tokens that are read, two of them [CLS] and [SEP]."""
OPTIONS = ModelOptions(max_length=SHORT, use_cache=False)
LONG_TEXTS = ["good film", "good film the", "good film the plot", "good film the plot was very very sad"]


@pytest.fixture(scope="module")
def cut(raw: Workspace, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, FitResult]:
    space = raw.copy(tmp_path_factory.mktemp("cut"))
    return space, fit(space.adapter, space.data, model_options=OPTIONS)


def long_rows(space: Workspace, split: str) -> int:
    rows = [json.loads(line) for line in (space.data / f"{split}.jsonl").read_text().splitlines()]
    return sum(len(row["text"].split()) > SHORT - 2 for row in rows)


def texts_file(folder: Path) -> Path:
    path = folder / "texts.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in LONG_TEXTS))
    return path


def test_fit_counts_the_texts_it_cut_in_each_split(cut: tuple[Workspace, FitResult]) -> None:
    space, result = cut
    assert result.limit == TokenLimit(tokens=SHORT, source="--max-length", most=64)
    assert result.texts_cut == {name: long_rows(space, name) for name in ("train", "validation")}
    assert all(result.texts_cut.values())
    [note] = [note for note in result.notes if note.startswith("train: ")]
    assert note == (
        f"train: {result.texts_cut['train']} of 140 texts were cut at 5 tokens (--max-length); read more: fit with "
        "--max-length (up to 64), or with --long-texts windows"
    )


def test_evaluate_counts_them_in_each_set_and_in_the_report(cut: tuple[Workspace, FitResult], tmp_path: Path) -> None:
    space, _ = cut
    report = tmp_path / "report.html"
    options = ModelOptions(use_cache=False)
    result = evaluate(space.adapter, space.data, report=report, model_options=options, resamples=100).result
    assert result.limit == TokenLimit(tokens=SHORT, source="adue_config.json", most=64)
    assert result.sets[0].texts_cut == long_rows(space, "test") > 0
    [note] = result.notes_cut
    assert f"{result.sets[0].texts_cut} of {result.sets[0].rows} texts were cut at 5 tokens (adue_config.json)" in note
    assert f"{result.sets[0].texts_cut} of {result.sets[0].rows} texts were cut" in report.read_text()


def test_predict_counts_them(cut: tuple[Workspace, FitResult], tmp_path: Path) -> None:
    space, _ = cut
    result = predict(space.adapter, str(texts_file(tmp_path)), str(tmp_path / "out.parquet"))
    assert (result.rows, result.texts_cut) == (4, 2)
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 4
    assert result.limit is not None
    assert result.limit.source == "adue_config.json"


def test_info_says_how_much_is_read_and_why(cut: tuple[Workspace, FitResult], raw: Workspace, tmp_path: Path) -> None:
    assert str(info(cut[0].adapter).limit) == "up to 5 tokens, from adue_config.json"
    space = raw.copy(tmp_path)
    assert str(info(space.adapter).limit) == "up to 64 tokens, from the tokenizer, tokenizer_config.json"
    (space.adapter / "adue_training.json").write_text('{"max_length": 11}')
    assert str(info(space.adapter).limit) == "up to 11 tokens, from adue_training.json"


def test_in_windows_nothing_is_cut_and_the_head_remembers(raw: Workspace, tmp_path: Path) -> None:
    space = raw.copy(tmp_path)
    options = OPTIONS.model_copy(update={"reading": Reading(long_texts="windows")})
    result = fit(space.adapter, space.data, model_options=options)
    assert set(result.texts_cut.values()) == {0}
    found = predict(space.adapter, str(texts_file(tmp_path)), str(tmp_path / "out.jsonl"))
    assert (found.rows, found.texts_cut) == (4, 0)
    head = info(space.adapter).head
    assert head is not None
    assert head.provenance is not None
    assert head.provenance.reading == Reading(long_texts="windows", pairs=False)


def test_a_piece_that_lay_there_already_is_counted_again(cut: tuple[Workspace, FitResult], tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    import pyarrow as pa  # noqa: PLC0415

    from adue.foundation.scaling.pieces import find_pieces  # noqa: PLC0415
    from adue.workflows.predict_ray import PieceScorer, ScoringJob  # noqa: PLC0415

    pq.write_table(pa.table({"text": LONG_TEXTS}), tmp_path / "in.parquet")
    (tmp_path / "out").mkdir()
    job = ScoringJob(str(cut[0].adapter), str(tmp_path / "in.parquet"), str(tmp_path / "out"), None, "", ModelOptions())
    scorer = PieceScorer(job)
    [piece] = find_pieces(job.source)
    item: dict[str, Any] = vars(piece)
    counts = [scorer(item) for _ in range(2)]
    assert [count["cut"] for count in counts] == [2, 2]
