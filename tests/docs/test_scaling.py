"""The Python in docs/scaling.md runs, and prints what the page says it prints."""

import re
from pathlib import Path

import pytest

from tests.docs.test_examples import ROOT, folder, run
from tests.support.workspace import Workspace

__all__ = ["folder"]


def test_the_scaling_page_runs_and_prints_what_it_says(
    folder: Workspace,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run("docs/scaling.md")
    said = re.findall(r"^```text\n(.*?)^```", Path(ROOT / "docs" / "scaling.md").read_text(), re.MULTILINE | re.DOTALL)
    assert capsys.readouterr().out.splitlines()[-1:] == said[-1].splitlines()
