import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from datasets import DatasetDict, load_dataset
from sklearn.metrics import roc_auc_score

from adue import AdueModel, ArtifactError, DataWarning, FitSettings
from adue.datasets.named.registry import DATASETS, NamedDataset
from adue.foundation.cache import cache_dir
from adue.workflows.evaluate import evaluate
from adue.workflows.fit import fit
from adue.workflows.options import DataOptions
from tests.support.workspace import Workspace
from tests.workflows.conftest import NO_CACHE


def test_every_score_has_an_auroc_with_an_interval_around_it(fitted: Workspace) -> None:
    result = evaluate(fitted.adapter, fitted.data, resamples=200, model_options=NO_CACHE).result
    (table,) = result.sets
    assert [row.name for row in table.scores] == [
        "adue",
        "softmax-response",
        "entropy",
        "margin",
        "energy",
        "mahalanobis",
        "relative-mahalanobis",
    ]
    assert all(row.auroc.low <= row.auroc.value <= row.auroc.high for row in table.scores)


def test_aurocs_are_those_of_scikit_learn(fitted: Workspace) -> None:
    evaluation = evaluate(fitted.adapter, fitted.data, resamples=100, model_options=NO_CACHE)
    (scored,) = evaluation.scored
    for row in evaluation.result.sets[0].scores:
        assert row.auroc.value == pytest.approx(roc_auc_score(scored.errors, scored.scores[row.name]), abs=1e-12)


def test_the_reference_differs_from_itself_by_nothing(fitted: Workspace) -> None:
    table = evaluate(fitted.adapter, fitted.data, resamples=100, model_options=NO_CACHE).result.sets[0]
    difference = table.score("softmax-response").difference
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)


def test_the_predictions_scored_are_the_classifiers_own(fitted: Workspace) -> None:
    (scored,) = evaluate(fitted.adapter, fitted.data, resamples=100, model_options=NO_CACHE).scored
    model = AdueModel.from_pretrained(fitted.adapter)
    np.testing.assert_array_equal(scored.predictions, model.predict_proba(scored.texts).argmax(axis=-1))


def test_a_file_without_training_rows_has_no_distances(fitted: Workspace) -> None:
    table = evaluate(fitted.adapter, fitted.test_file, resamples=100, model_options=NO_CACHE).result.sets[0]
    assert "mahalanobis" not in {row.name for row in table.scores}
    assert table.rows == 80


def test_every_answer_on_a_row_that_no_class_fits_counts_as_an_error(fitted: Workspace, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in fitted.test_file.read_text().splitlines()]
    outside = [row | {"label": "out-of-scope"} for row in rows[:20]]
    path, report = tmp_path / "mixed.jsonl", tmp_path / "report.html"
    path.write_text("\n".join(map(json.dumps, rows + outside)))
    evaluation = evaluate(fitted.adapter, path, resamples=100, report=report, model_options=NO_CACHE)
    (table,), (scored,) = evaluation.result.sets, evaluation.scored
    assert scored.errors[80:].all()
    assert (table.rows, table.errors) == (100, int(scored.errors[:80].sum()) + 20)
    assert table.majority_accuracy == max(Counter(row["label"] for row in rows).values()) / 100
    assert report.exists()


def test_rows_that_no_class_fits_alone_get_a_note_instead_of_numbers(fitted: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "outside.jsonl"
    path.write_text('{"text": "good film", "label": "out-of-scope"}\n{"text": "bad film", "label": "out-of-scope"}\n')
    table = evaluate(fitted.adapter, path, model_options=NO_CACHE).result.sets[0]
    assert (table.accuracy, table.majority_accuracy) == (0, 0)
    assert "every prediction is wrong in 2 rows" in str(table.note)


def test_rows_without_an_error_get_a_note_instead_of_numbers(fitted: Workspace, tmp_path: Path) -> None:
    model = AdueModel.from_pretrained(fitted.adapter)
    texts = ["good film", "bad film"]
    rows = [{"text": text, "label": name} for text, name in zip(texts, model.predict(texts).label_names, strict=True)]
    path = tmp_path / "right.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    table = evaluate(fitted.adapter, path, model_options=NO_CACHE).result.sets[0]
    assert table.scores == ()
    assert "no prediction is wrong in 2 rows" in str(table.note)


def test_spread_of_human_ratings_is_correlated_with_every_score(fitted: Workspace, tmp_path: Path) -> None:
    model = AdueModel.from_pretrained(fitted.adapter)
    rows = [json.loads(line) for line in fitted.test_file.read_text().splitlines()]
    u = model.predict_uncertainty([row["text"] for row in rows])
    path = tmp_path / "rated.jsonl"
    path.write_text(
        "\n".join(json.dumps(row | {"rating_std": float(value)}) for row, value in zip(rows, u, strict=True))
    )
    correlation = evaluate(fitted.adapter, path, resamples=100, model_options=NO_CACHE).result.sets[0].human_correlation
    assert correlation is not None
    assert correlation["adue"] == pytest.approx(1, abs=1e-6)
    assert correlation["softmax-response"] < 1


def test_what_was_decided_about_the_rows_is_said(fitted: Workspace, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in fitted.test_file.read_text().splitlines()]
    path = tmp_path / "export.jsonl"
    answers = ["reject", *["accept"] * (len(rows) - 1)]
    path.write_text("\n".join(json.dumps(row | {"answer": answer}) for row, answer in zip(rows, answers, strict=True)))
    result = evaluate(fitted.adapter, path, resamples=100, model_options=NO_CACHE).result
    assert result.notes == (f"{path}, test: read as an export of Prodigy; 1 of 80 rows left out, they say 1 reject",)
    assert result.sets[0].rows == 79


def test_ratings_that_are_no_numbers_correlate_with_nothing(fitted: Workspace, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in fitted.test_file.read_text().splitlines()]
    path = tmp_path / "rated.jsonl"
    path.write_text("\n".join(json.dumps(row | {"rating_std": "unknown"}) for row in rows))
    table = evaluate(fitted.adapter, path, resamples=100, model_options=NO_CACHE).result.sets[0]
    assert table.human_correlation is None


def test_the_report_is_written_where_asked(fitted: Workspace, tmp_path: Path) -> None:
    report = tmp_path / "new folder" / "report.html"
    evaluate(fitted.adapter, fitted.data, resamples=100, report=report, model_options=NO_CACHE)
    assert report.read_text(encoding="utf-8").startswith("<!")


def test_what_fit_has_read_is_not_read_again(space: Workspace) -> None:
    fit(space.adapter, space.data, grid="fast", settings=FitSettings(max_epochs=2))
    features = cache_dir() / "features"
    before = set(features.rglob("*.safetensors"))
    evaluate(space.adapter, space.data, resamples=100)
    # Train and validation are there already, so the test rows are the only ones that were read.
    assert len(set(features.rglob("*.safetensors")) - before) == 1
    assert len(before) == 2


def test_an_adapter_without_a_head_is_refused(raw: Workspace) -> None:
    with pytest.raises(ArtifactError, match="has no uncertainty head yet; fit one with adue fit"):
        evaluate(raw.adapter, raw.data)


def test_the_rows_the_head_was_trained_on_are_warned_of(fitted: Workspace) -> None:
    with pytest.warns(DataWarning, match="the very rows that the head was trained on"):
        evaluate(fitted.adapter, fitted.data / "train.jsonl", resamples=100, model_options=NO_CACHE)


def test_labels_have_the_same_other_names_in_shifted_sets(
    fitted: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = load_dataset("json", data_files=str(fitted.test_file), split="train")
    german = {"bad": "schlecht", "fine": "mittel", "good": "gut"}
    rows = rows.map(lambda row: {"label": german[row["label"]]})
    for name, shifted in (("home", ("away",)), ("away", ())):
        monkeypatch.setitem(DATASETS, name, NamedDataset(name, lambda: DatasetDict(test=rows), shifted=shifted))
    names = DataOptions(label_map={there: here for here, there in german.items()})
    sets = evaluate(fitted.adapter, "home", resamples=100, model_options=NO_CACHE, data_options=names).result.sets
    assert [(table.name, table.errors) for table in sets] == [("home", sets[0].errors), ("away", sets[0].errors)]


def test_shifted_sets_are_drawn_down_to_the_rows_asked_for_and_the_test_set_is_not(
    fitted: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = load_dataset("json", data_files=str(fitted.test_file), split="train")
    for name, shifted in (("home", ("away",)), ("away", ())):
        monkeypatch.setitem(DATASETS, name, NamedDataset(name, lambda: DatasetDict(test=rows), shifted=shifted))
    sets = evaluate(fitted.adapter, "home", resamples=100, model_options=NO_CACHE, shifted_rows=30).result.sets
    assert [(table.name, table.rows) for table in sets] == [("home", len(rows)), ("away", 30)]
