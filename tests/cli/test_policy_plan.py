"""`adue policy plan` at a terminal: the options side by side, and the line that a manager would read."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from adue.cli import app
from tests.decisions.cases import WORLDS


def run(*arguments: object, columns: int = 200) -> Result:
    return CliRunner().invoke(app, ["policy", *map(str, arguments)], env={"COLUMNS": str(columns)})


@pytest.fixture
def log(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    u, wrong = WORLDS[0].draw(rng, 600)
    answers = ["yes", "no"]
    lines = [
        f"{answers[index % 2]},{1 - one!r},{answers[(index + error) % 2]}"
        for index, (one, error) in enumerate(zip(u.tolist(), wrong.tolist(), strict=True))
    ]
    path = tmp_path / "log.csv"
    path.write_text("answer,confidence,truth\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def costs(tmp_path: Path) -> Path:
    path = tmp_path / "costs.yaml"
    assert run("template", "--out", path).exit_code == 0
    return path


def test_the_last_line_has_the_figures_of_the_cheapest_option(log: Path, costs: Path) -> None:
    result = run("plan", "--scores", log, "--costs", costs)
    assert result.exit_code == 0
    values = json.loads(run("plan", "--scores", log, "--costs", costs, "--json").stdout)["plan"]
    best = next(one for one in values["outcomes"] if one["option"] == values["cheapest"])
    answered, wrong = (round(1000 * best[name] / best["rows"]) for name in ("accepted", "wrong"))
    line = result.stdout.strip().splitlines()[-1]
    assert line.startswith(f"Of 1,000 texts {answered} are answered, {wrong} of them wrong, and {1000 - answered} go")
    assert f"{best['cost']['value']:,.0f} EUR" in line
    assert "to answer all and" in line
    assert line.endswith("to review all.")


def test_thresholds_are_shown_as_the_users_own_score_has_them(log: Path, costs: Path) -> None:
    values = json.loads(run("plan", "--scores", log, "--costs", costs, "--json").stdout)["plan"]
    least = next(one for one in values["outcomes"] if one["option"] == "least-cost")
    stdout = run("plan", "--scores", log, "--costs", costs).stdout
    assert f"answered where confidence >= {-least['threshold']:.6g}" in stdout


def test_a_refusal_says_the_rows_that_it_takes(log: Path, costs: Path) -> None:
    stdout = run("plan", "--scores", log, "--costs", costs, "--limit", "0.01").stdout
    assert "refused" in stdout
    assert "rows can be accepted, and it takes 299 of them" in stdout or "surest answers are wrong" in stdout


def test_every_option_fits_on_80_columns(log: Path, costs: Path) -> None:
    stdout = run("plan", "--scores", log, "--costs", costs, columns=80).stdout
    table = stdout.partition("Behind it")[0]
    assert "…" not in table
    for name in ("answer all", "review all", "least cost", "errors let through <= 5%", "share for people <= "):
        assert name in table


def test_more_is_shown_where_it_is_asked_for(log: Path, costs: Path) -> None:
    lines = log.read_text().splitlines()
    more = [f"{line},{channel}" for line, channel in zip(lines, ["channel"] + ["mail", "phone"] * 300, strict=True)]
    log.write_text("\n".join(more) + "\n")
    stdout = run("plan", "--scores", log, "--costs", costs, "--by", "channel", "--per-class").stdout
    assert "A threshold of its own, by segment" in stdout
    assert "errors let through <= 5% per class" in stdout
    assert "no: answered where confidence >=" in " ".join(stdout.split())


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 1, "give an ADAPTER with --data, or --scores with a labelled log"),
        (["adapter", "--scores", "log.csv"], 1, "give an ADAPTER with --data, or --scores with a labelled log"),
        (["adapter"], 1, "give an ADAPTER with --data"),
        (["--scores", "nowhere.csv"], 1, "there is no file nowhere.csv"),
        (["--scores", "nowhere.csv", "--limit", "5"], 2, "--limit is a share between 0 and 1, got 5; 5 % is 0.05"),
        (["--scores", "nowhere.csv", "--confidence", "1"], 2, "--confidence is a share between 0 and 1"),
    ],
)
def test_bad_usage_is_one_line(costs: Path, arguments: list[str], code: int, message: str) -> None:
    result = run("plan", "--costs", costs, *arguments)
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_costs_that_cannot_be_read_are_one_line(log: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("error: -1\nreview: 1\n")
    result = run("plan", "--scores", log, "--costs", tmp_path / "bad.yaml")
    assert result.exit_code == 1
    assert "greater than or equal to 0, got -1" in result.stderr
