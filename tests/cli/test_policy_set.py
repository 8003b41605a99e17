"""`adue policy set` and `adue policy page` at a terminal."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from adue.cli import app
from adue.models.policy_files import save_policy
from tests.support.decisions import make_policy
from tests.support.workspace import Workspace


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "200"})


@pytest.fixture
def costs(tmp_path: Path) -> Path:
    path = tmp_path / "costs.yaml"
    path.write_text("error: 10\nreview: 1\n")
    return path


def test_a_policy_is_set_and_its_page_written_in_both_languages(space: Workspace, costs: Path, tmp_path: Path) -> None:
    assert run("fit", space.adapter, "--data", space.data).exit_code == 0
    more = ("--option", "least-cost", "--owner", "A. Sato", "--until", "2999-12-31", "--max-rows", 1000)
    result = run("policy", "set", space.adapter, "--data", space.data, "--costs", costs, *more, "--resamples", 100)
    assert result.exit_code == 0, result.stderr
    assert "policy version 1 (least-cost, until 2999-12-31) written to" in result.stdout
    assert (space.adapter / "adue_policy.yaml").is_file()
    for lang in ("en", "ja"):
        page = tmp_path / f"{lang}.html"
        assert run("policy", "page", space.adapter, "--lang", lang, "--out", page).exit_code == 0
        assert f'<html lang="{lang}">' in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--until", "2020-01-01"], "--until 2020-01-01 has passed"),
        (["--until", "2999-01-01", "--option", "accepted-error"], "accepted-error cannot be promised"),
    ],
)
def test_what_cannot_be_set_is_one_line(space: Workspace, costs: Path, more: list[str], message: str) -> None:
    assert run("fit", space.adapter, "--data", space.data).exit_code == 0
    usual = ["--data", space.data, "--costs", costs, "--option", "least-cost", "--owner", "me", "--limit", "0.01"]
    result = run("policy", "set", space.adapter, *usual, *more)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not (space.adapter / "adue_policy.yaml").exists()


def test_a_page_needs_a_policy_as_it_was_set(tmp_path: Path) -> None:
    missing = run("policy", "page", tmp_path, "--out", tmp_path / "page.html")
    assert (missing.exit_code, "holds no policy; set one with adue policy set" in missing.stderr) == (1, True)
    save_policy(make_policy(), tmp_path)
    path = tmp_path / "adue_policy.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("A. Sato", "me"), encoding="utf-8")
    changed = run("policy", "page", tmp_path, "--out", tmp_path / "page.html")
    assert (changed.exit_code, "was changed after it was set" in changed.stderr) == (1, True)
    assert not (tmp_path / "page.html").exists()
