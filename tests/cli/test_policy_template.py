"""The file of costs that a business owner fills in: it loads as it is, in both languages."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from adue.cli import app
from adue.decisions.costs import Costs


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["policy", "template", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(("lang", "currency", "words"), [("en", "EUR", "wrong answer"), ("ja", "JPY", "誤った回答")])
def test_the_template_loads_as_it_is(lang: str, currency: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "costs.yaml"
    assert run("--lang", lang, "--out", path)[0] == 0
    costs = Costs.load(path)
    assert costs.currency == currency
    assert costs.reviewers is not None
    assert words in path.read_text(encoding="utf-8")


def test_every_cost_is_in_both_languages() -> None:
    for lang in ("en", "ja"):
        _, text, _ = run("--lang", lang)
        named = set(yaml.safe_load(text)) | {"escalation"}
        assert named == set(Costs.model_fields)
        assert "#   escalation: {column:" in text


def test_the_examples_in_the_comments_are_what_costs_may_be(tmp_path: Path) -> None:
    for lang in ("en", "ja"):
        _, text, _ = run("--lang", lang)
        plain = yaml.safe_load(text)
        examples = [yaml.safe_load(line[1:]) for line in text.splitlines() if line.startswith("#   ")]
        assert len(examples) >= 5
        for example in examples:
            Costs.from_dict(plain | {"miss": {}} | example, file=tmp_path)


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "costs.yaml"
    path.write_text("mine")
    code, _, stderr = run("--out", path)
    assert code == 1
    assert "is there already; choose another --out" in stderr.replace("\n", " ")
    assert path.read_text() == "mine"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    code, _, stderr = run("--out", tmp_path / "none" / "costs.yaml")
    assert code == 1
    assert "cannot write" in stderr
