"""Several labels per text from the command line: fit, evaluate, predict, info, and what is refused."""

import csv
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from adue.cli import app
from tests.support.labels import LABELS, labelled, load, save_labels_adapter

QUICK = ("--score", "log_smoothmax", "--grid", "fast", "--max-epochs", "2", "--no-cache")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with my-adapter, fitted from the command line, data of 0 and 1, and the text that fit printed."""
    folder = tmp_path_factory.mktemp("multi-label")
    adapter = save_labels_adapter(folder).rename(folder / "my-adapter")
    rows = labelled(load(adapter), rows=240)
    (folder / "data").mkdir()
    for split, start, stop in (("train", 0, 100), ("validation", 100, 160), ("test", 160, 240)):
        part = rows.select(range(start, stop))
        with (folder / "data" / f"{split}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["text", *LABELS])
            writer.writerows([text, *map(int, row)] for text, row in zip(part["text"], part["labels"], strict=True))
    result = run("fit", adapter, "--data", folder / "data", "--multi-label", "--labels", ",".join(LABELS), *QUICK)
    assert result.exit_code == 0, result.output
    (folder / "printed").write_text(result.output)
    return folder


def test_fit_prints_a_line_per_label(made: Path) -> None:
    printed = (made / "printed").read_text()
    assert all(label in printed for label in LABELS)
    assert "Uncertainty heads, one per label" in printed


def test_evaluate_has_a_table_per_label_one_over_all_and_a_report(made: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    result = run(
        "evaluate", made / "my-adapter", "--data", made / "data", "--no-cache", "--resamples", 100, "--report", report,
        "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert [one["name"] for one in found["labels"]] == list(LABELS)
    assert found["together"]["rows"] == 80 * 3
    assert found["together"]["errors"] == sum(one["errors"] for one in found["labels"])
    assert {"adue", "softmax-response", "mahalanobis"} <= {score["name"] for score in found["together"]["scores"]}
    page = report.read_text()
    assert all(f"{made / 'data'}: {label}" in page for label in LABELS)


def test_evaluate_prints_for_people_too(made: Path) -> None:
    result = run("evaluate", made / "my-adapter", "--data", made / "data", "--no-cache", "--resamples", 100)
    assert result.exit_code == 0, result.output
    assert "toxic (test): 80 rows" in result.output
    assert "all labels (answers in place of rows): 240 rows" in result.output


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_predict_writes_labels_and_a_probability_and_u_for_each(made: Path, tmp_path: Path, ending: str) -> None:
    output = tmp_path / f"out{ending}"
    result = run("predict", made / "my-adapter", made / "data" / "test.csv", "--out", output, "--prefix", "p_")
    assert result.exit_code == 0, result.output
    if ending == ".csv":
        rows = list(csv.DictReader(output.read_text().splitlines()))
    elif ending == ".parquet":
        rows = pq.read_table(output).to_pylist()
    else:
        rows = [json.loads(line) for line in output.read_text().splitlines()]
    added = [f"p_{kind}_{label}" for label in LABELS for kind in ("probability", "uncertainty")]
    assert len(rows) == 80
    assert list(rows[0]) == ["text", *LABELS, "p_labels", *added]
    answers = load(made / "my-adapter").predict([row["text"] for row in rows])
    for number, row in enumerate(rows):
        names = answers.label_names[number]
        assert row["p_labels"] == (";".join(names) if ending == ".csv" else names)
        found = [float(row[name]) for name in added]
        wanted = [
            float(values[number, index])
            for index in range(3)
            for values in (answers.probabilities, answers.uncertainty)
        ]
        assert found == pytest.approx(wanted, abs=1e-5)


def test_info_shows_the_labels_without_loading_a_model(made: Path) -> None:
    shown = run("info", made / "my-adapter")
    assert shown.exit_code == 0, shown.output
    assert all(label in shown.output for label in LABELS)
    config = json.loads(run("info", made / "my-adapter", "--json").stdout)
    assert config["head"] is None
    assert config["labels"]["format_version"] == 4
    assert config["problem"] is None


def test_a_folder_that_has_heads_for_labels_needs_no_option_to_be_fitted_again(made: Path, tmp_path: Path) -> None:
    adapter = shutil.copytree(made / "my-adapter", tmp_path / "again")
    result = run("fit", adapter, "--data", made / "data", "--no-cache", "--json")
    assert result.exit_code == 0, result.output
    labels = json.loads(result.stdout)["config"]["labels"]
    assert [label["head"]["settings"]["score"] for label in labels] == ["auto"] * 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("predict", "{adapter}", "{rows}", "--out", "{out}", "--engine", "ray"), "which --engine ray does not"),
        (("predict", "{adapter}", "{test}", "--out", "{out}", "--backend", "onnx"), "the backend onnx gives one class"),
        (("predict", "{adapter}", "{out}.csv", "--out", "{out}.csv"), "there is no file"),
        (("predict", "{adapter}", "{test}", "--out", "{out}.csv", "--text-pair-column", "toxic"), "reads single texts"),
        (("export", "{adapter}", "--out", "{out}"), "were fitted for several labels per text"),
        (
            ("evaluate", "{adapter}", "--data", "{test}", "--label-column", "text", "--no-cache"),
            "no label of the model",
        ),
    ],
)
def test_what_does_not_work_is_refused_in_one_line(
    made: Path, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    rows = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"text": ["good film"]}), rows)
    places = {"adapter": made / "my-adapter", "test": made / "data" / "test.csv", "out": tmp_path / "out", "rows": rows}
    result = run(*(argument.format(**places) for argument in arguments))
    assert result.exit_code == 1, result.output
    line = " ".join(result.stderr.split())
    assert words in line
    assert "Traceback" not in line


def test_texts_are_read_as_asked_when_fitting_and_cut_texts_are_counted(made: Path, tmp_path: Path) -> None:
    adapter, data = shutil.copytree(made / "my-adapter", tmp_path / "short"), made / "data"
    result = run(
        "fit", adapter, "--data", data, "--no-cache", "--json", "--max-length", 4, "--text-prefix", "the ",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["config"]["provenance"]["reading"]["prefix"] == "the "
    assert (found["limit"]["tokens"], found["text_columns"]) == (4, ["text"])
    cut = found["texts_cut"]["train"]
    assert cut > 0
    note = f"train: {cut} of 100 texts were cut at 4 tokens (--max-length); read more: fit with --max-length (up to 64)"
    assert note in found["notes"]
    assert load(adapter).classifier.reading.prefix == "the "

    scored = json.loads(run("predict", adapter, data / "test.csv", "--out", tmp_path / "out.csv", "--json").stdout)
    assert scored["texts_cut"] > 0
    assert (scored["limit"]["source"], scored["text_columns"]) == ("adue_config.json", ["text"])
    report = tmp_path / "report.html"
    evaluated = run(
        "evaluate", adapter, "--data", data, "--no-cache", "--resamples", 100, "--json", "--report", report
    )  # fmt: skip
    assert json.loads(evaluated.stdout)["texts_cut"] == scored["texts_cut"]
    assert f"{scored['texts_cut']} of 80 texts were cut at 4 tokens" in report.read_text()
    printed = run("predict", adapter, data / "test.csv", "--out", tmp_path / "again.csv").output
    assert "texts were cut at 4 tokens" in " ".join(printed.split())
    assert "--long-texts" not in printed
    info = json.loads(run("info", adapter, "--json").stdout)
    assert (info["limit"]["tokens"], info["limit"]["source"], info["answers"]) == (4, "adue_config.json", None)
    assert "text prefix" in run("info", adapter).output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--long-texts", "windows"), "each label of a text may be surest in another one"),
        (("--text-pair-column", "toxic"), "reads single texts; leave --text-pair-column out"),
    ],
)
def test_windows_and_pairs_are_refused_when_fitting(made: Path, arguments: tuple[str, ...], words: str) -> None:
    result = run("fit", made / "my-adapter", "--data", made / "data", "--no-cache", *arguments)
    assert result.exit_code == 1, result.output
    assert words in " ".join(result.stderr.split())


def test_verify_says_that_nothing_is_stored_for_several_labels(made: Path) -> None:
    result = run("verify", made / "my-adapter", "--data", made / "data")
    assert result.exit_code == 2
    assert "no answers are stored with heads of several labels per text" in " ".join(result.stderr.split())


def test_predict_of_no_rows_still_writes_the_columns(made: Path, tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text("")
    result = run("predict", made / "my-adapter", tmp_path / "none.jsonl", "--out", tmp_path / "out.parquet")
    assert result.exit_code == 0, result.output
    assert "uncertainty_threat" in pq.read_table(tmp_path / "out.parquet").column_names


def test_columns_that_are_there_already_are_not_overwritten(made: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("text,uncertainty_toxic\ngood,1\n")
    result = run("predict", made / "my-adapter", rows, "--out", tmp_path / "out.csv")
    assert result.exit_code == 1
    assert "the rows already have the column 'uncertainty_toxic'" in " ".join(result.stderr.split())
