"""`adue demo`: the main job on real text with a real model, starting from an adapter as a user does."""

import shutil
from importlib.resources import as_file, files
from pathlib import Path

from adue.decisions.costs import Costs
from adue.foundation.errors import ArtifactError
from adue.foundation.result import Result
from adue.report.results import EvaluationResult
from adue.workflows.evaluate import evaluate
from adue.workflows.fit import FitResult, fit
from adue.workflows.options import ModelOptions, Progress, no_progress
from adue.workflows.policy.plan import PlanResult, plan
from adue.workflows.policy.template import read_template

DATA = "reviews"
ADAPTER = "reviews-minilm"
SHIFTED_ROWS = 500
"""Rows of each shifted set: enough to see what another domain does; reading all 12,898 takes longer than installing."""


class DemoResult(Result):
    """What was fitted, how it did on the test data, where the report lies, and what to do with the answers."""

    fit: FitResult
    evaluation: EvaluationResult
    report: str
    plan: PlanResult


def demo(out: Path, *, model_options: ModelOptions | None = None, progress: Progress = no_progress) -> DemoResult:
    """Copy the packaged adapter into `out`, fit an uncertainty head to it, evaluate it, and plan with example costs.

    The adapter is MiniLM with LoRA, trained by ``adue train`` on movie reviews; evaluation is on its test split and on
    500 product reviews, editorials and tweets each, the plan on the same test split.

    Raises
    ------
    AdueError
        When the base model or the data are missing, or `out` cannot be written.
    """
    options = model_options or ModelOptions()
    adapter = out / ADAPTER
    copy_packaged_adapter(adapter)
    fitted = fit(adapter, DATA, model_options=options, progress=progress)
    report = out / "report.html"
    evaluation = evaluate(
        adapter, DATA, report=report, model_options=options, shifted_rows=SHIFTED_ROWS, progress=progress
    )
    costs = out / "costs.yaml"
    costs.write_text(read_template("en"), encoding="utf-8")
    planned = plan(adapter, DATA, Costs.load(costs), model_options=options, progress=progress)
    return DemoResult(fit=fitted, evaluation=evaluation.result, report=str(report.resolve()), plan=planned)


def copy_packaged_adapter(folder: Path) -> None:
    """Write the adapter that the package carries into `folder`.

    Raises
    ------
    ArtifactError
        When `folder` cannot be written.
    """
    try:
        with as_file(files("adue") / "assets" / ADAPTER) as packaged:
            shutil.copytree(packaged, folder, dirs_exist_ok=True)
    except OSError as error:
        raise ArtifactError(f"cannot write {folder}: {error.strerror or error}; choose another --out") from error
