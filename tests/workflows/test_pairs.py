"""From files of pairs to heads, reports and answers; every result says which columns were read."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from adue import AdueModel, DataError, FitSettings
from adue.cli import app
from adue.datasets import read_file
from adue.foundation.scaling.pieces import find_pieces
from adue.training import TrainingSettings
from adue.workflows.evaluate import evaluate
from adue.workflows.fit import fit
from adue.workflows.options import DataOptions, ModelOptions
from adue.workflows.predict import predict
from adue.workflows.predict_ray import PieceScorer, ScoringJob
from adue.workflows.train import train
from tests.support.pairs import labelled_pairs, pair_tokenizer, save_pair_adapter
from tests.support.tiny import save_tiny_base

# These models are too small to learn much, and need not.
pytestmark = [
    pytest.mark.filterwarnings("ignore:the adapter is right on"),
    pytest.mark.filterwarnings("ignore:the classifier is right on"),
]

NO_CACHE = ModelOptions(use_cache=False)
QUICK = FitSettings(max_epochs=3)


@dataclass(frozen=True)
class PairSpace:
    """An adapter with a head fitted on pairs, labelled pairs in files, and pairs without labels."""

    adapter: Path
    data: Path
    rows: Path


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> PairSpace:
    folder = tmp_path_factory.mktemp("pairs")
    adapter = save_pair_adapter(folder, "bert")
    rows = labelled_pairs(AdueModel.from_pretrained(adapter), rows=300)
    frame = rows.rename_columns({"text": "premise", "text_pair": "hypothesis"}).to_pandas()
    data = folder / "data"
    data.mkdir()
    for split, start, stop in (("train", 0, 140), ("validation", 140, 220), ("test", 220, 300)):
        frame[start:stop].to_csv(data / f"{split}.csv", index=False)
    frame[220:].drop(columns="label").to_csv(folder / "rows.csv", index=False)
    options = DataOptions(text_pair_column="hypothesis")
    result = fit(adapter, data, grid="fast", settings=QUICK, model_options=NO_CACHE, data_options=options)
    assert result.text_columns == ("premise", "hypothesis")
    return PairSpace(adapter, data, folder / "rows.csv")


def test_a_head_fitted_on_pairs_finds_them_in_other_data(space: PairSpace, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    evaluation = evaluate(space.adapter, space.data, report=report, resamples=20, model_options=NO_CACHE)
    assert evaluation.result.text_columns == ("premise", "hypothesis")
    assert evaluation.scored[0].texts[0] == tuple(
        pd.read_csv(space.data / "test.csv", keep_default_na=False).iloc[0, :2]
    )
    assert " \N{EM DASH} " in report.read_text(encoding="utf-8")


def test_answers_to_a_csv_of_pairs_are_those_of_the_library(space: PairSpace, tmp_path: Path) -> None:
    out = tmp_path / "scored.jsonl"
    ran = CliRunner().invoke(app, ["predict", str(space.adapter), str(space.rows), "--out", str(out), "--json"])
    assert ran.exit_code == 0
    assert json.loads(ran.stdout)["text_columns"] == ["premise", "hypothesis"]
    scored = [json.loads(line) for line in out.read_text().splitlines()]
    answers = AdueModel.from_pretrained(space.adapter).predict([(row["premise"], row["hypothesis"]) for row in scored])
    assert [row["label"] for row in scored] == answers.label_names
    np.testing.assert_array_equal([row["uncertainty"] for row in scored], answers.uncertainty.astype(float))


def test_the_columns_that_were_read_are_printed(space: PairSpace, tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["predict", str(space.adapter), str(space.rows), "--out", str(tmp_path / "o.csv")])
    assert "text read from" in ran.stdout
    assert "pairs: premise and hypothesis" in ran.stdout


def test_two_columns_can_be_named(space: PairSpace, tmp_path: Path) -> None:
    source = tmp_path / "rows.csv"
    pd.DataFrame({"a": ["good"], "b": ["bad"]}).to_csv(source, index=False)
    result = predict(
        space.adapter,
        str(source),
        str(tmp_path / "o.csv"),
        text_column="b",
        text_pair_column="a",
        model_options=NO_CACHE,
    )
    assert result.text_columns == ("b", "a")


def test_single_texts_are_refused_for_a_head_of_pairs(space: PairSpace, tmp_path: Path) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("text,id\ngood,1\n")
    with pytest.raises(DataError, match=r"reads pairs of texts, but of the columns \(text, id\) no two"):
        predict(space.adapter, str(source), str(tmp_path / "o.csv"), model_options=NO_CACHE)
    with pytest.raises(DataError, match="name the column of the second with --text-pair-column"):
        predict(space.adapter, str(source), str(tmp_path / "o.csv"), text_column="text", model_options=NO_CACHE)


def test_a_row_without_a_second_text_is_named_and_nothing_is_left(space: PairSpace, tmp_path: Path) -> None:
    source, out = tmp_path / "rows.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"premise": "good", "hypothesis": ""}\n{"premise": "bad"}\n')
    with pytest.raises(DataError, match=r"row 2 has no text in the column 'hypothesis' .*with --text-pair-column"):
        predict(space.adapter, str(source), str(out), model_options=NO_CACHE)
    assert not out.exists()


def test_pairs_are_refused_for_fitting_until_somebody_says_how_to_read_them(space: PairSpace, tmp_path: Path) -> None:
    adapter = save_pair_adapter(tmp_path, "bert")
    with pytest.raises(DataError, match="'premise' and 'hypothesis' look like a pair of texts; read both with"):
        fit(adapter, space.data, model_options=NO_CACHE)


@pytest.mark.filterwarnings("ignore:.*texts in column 'hypothesis' are empty")
def test_a_head_of_single_texts_does_not_choose_between_two_columns(space: PairSpace, tmp_path: Path) -> None:
    adapter = save_pair_adapter(tmp_path, "bert")
    options = DataOptions(text_column="hypothesis")
    result = fit(adapter, space.data, settings=QUICK, grid="fast", model_options=NO_CACHE, data_options=options)
    assert result.text_columns == ("hypothesis",)
    with pytest.raises(DataError, match="reads single texts, but the columns 'premise' and 'hypothesis' look like"):
        predict(adapter, str(space.rows), str(tmp_path / "o.csv"), model_options=NO_CACHE)


def test_training_on_pairs_is_written_down_and_decides_over_fitting(space: PairSpace, tmp_path: Path) -> None:
    base = save_tiny_base(tmp_path / "base", "bert", initializer_range=0.3)
    pair_tokenizer("bert").save_pretrained(base)
    settings = TrainingSettings.from_dict({"max_epochs": 1, "reading": {"prefix": "the "}, "learning_rate": 1e-2})
    out = tmp_path / "adapter"
    options = DataOptions(text_pair_column="hypothesis")
    result = train(str(base), space.data, out, settings=settings, data_options=options)
    assert result.text_columns == ("premise", "hypothesis")
    reading = json.loads((out / "adue_training.json").read_text())["reading"]
    assert (reading["pairs"], reading["prefix"]) == (True, "the ")
    fitted = fit(out, space.data, settings=QUICK, grid="fast", model_options=NO_CACHE)
    assert fitted.text_columns == ("premise", "hypothesis")
    assert fitted.config.provenance is not None
    assert fitted.config.provenance.reading.prefix == "the "


def test_parquet_pieces_of_pairs_are_scored_as_files_are(space: PairSpace, tmp_path: Path) -> None:
    rows = read_file(space.rows).with_format("arrow")[:]
    pq.write_table(pa.table(rows), tmp_path / "rows.parquet")
    source, output = str(tmp_path / "rows.parquet"), tmp_path / "out"
    output.mkdir()
    scorer = PieceScorer(ScoringJob(str(space.adapter), source, str(output), None, "", NO_CACHE))
    (piece,) = find_pieces(source)
    count = scorer(asdict(piece))
    assert tuple(count["text_columns"]) == ("premise", "hypothesis")
    predict(space.adapter, str(space.rows), str(tmp_path / "here.jsonl"), model_options=NO_CACHE)
    here = [json.loads(line) for line in (tmp_path / "here.jsonl").read_text().splitlines()]
    (written,) = output.glob("*.parquet")
    np.testing.assert_allclose(
        pq.read_table(written)["uncertainty"].to_pylist(), [row["uncertainty"] for row in here], atol=1e-5
    )
