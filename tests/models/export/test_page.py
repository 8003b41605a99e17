"""The Python of docs/export.md runs as it stands, in a folder as the page describes it."""

from pathlib import Path

import pytest

from adue import AdueModel
from tests.docs.test_examples import blocks
from tests.support.adapters import fit_quickly
from tests.support.workspace import make_workspace


@pytest.mark.usefixtures("traced_once")
def test_the_page_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space = make_workspace(tmp_path / "made").copy(tmp_path)
    fit_quickly(AdueModel.from_pretrained(space.adapter)).save_pretrained(space.adapter)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for number, block in enumerate(blocks("docs/export.md"), start=1):
        exec(compile(block, f"docs/export.md, block {number}", "exec"), names)
    assert names["uncertainty"] is not None
    assert {path.name for path in (tmp_path / "served").iterdir()} >= {"model.onnx", "adue_onnx.json", "tokenizer.json"}
