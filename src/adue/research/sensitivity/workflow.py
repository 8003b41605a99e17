"""`adue sweep`: all trials on training and validation rows, then the test rows once, then the report."""

import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import torch
from datasets import Dataset

from adue.datasets import fingerprint, subsample
from adue.foundation.config import Reading
from adue.foundation.result import Result
from adue.foundation.scaling.processes import processes
from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead
from adue.metrics import require_both
from adue.models.model import AdueModel
from adue.research.sensitivity.report import Defaults, SweepFacts, write_sensitivity
from adue.research.sensitivity.sweep_folder import SweepFolder, by_trial, kept_lines, trials_in
from adue.research.sensitivity.sweep_plan import SweepPlan, Trial, plan_trials, trial_settings
from adue.research.sensitivity.trials import interval_of_gain, measure_head, measure_softmax_response, run_trial
from adue.workflows.fit import extract_split, load_labelled
from adue.workflows.options import DataOptions, ModelOptions, Progress, no_progress

SPLITS = ("train", "validation", "test")


class SensitivityResult(Result):
    """Where table, report and summary lie, what they show in sentences, and the defaults that follow."""

    adapter: str
    data: str
    table: str
    report: str
    summary: str
    trials: int
    heads: int
    device: str
    """Where the classifier ran."""
    seconds: float
    findings: tuple[str, ...]
    defaults: Defaults


def sensitivity(
    adapter: str | Path,
    data: str | Path,
    out: Path,
    *,
    plan: SweepPlan | None = None,
    train_rows: int | None = None,
    model_options: ModelOptions | None = None,
    data_options: DataOptions | None = None,
    progress: Progress = no_progress,
) -> SensitivityResult:
    """Vary hyperparameters, errors and validation rows one at a time; write table, report and summary into `out`.

    A stopped run goes on where it stopped; a larger number of seeds adds to what is there. No saved head is touched.
    Of processes that were launched together each reads its share of the rows; the main one trains and writes, and all
    return its result.

    Parameters
    ----------
    train_rows
        Train heads on this number of rows, the subsample that :func:`adue.datasets.subsample` draws; None for all.

    Raises
    ------
    AdueError
        When adapter or data cannot be used, or `out` holds another sweep.
    """
    plan, options, group = plan or SweepPlan(), model_options or ModelOptions(), processes()
    progress = progress if group.is_main else no_progress
    model = options.load(adapter, with_head=False)
    labelled = load_labelled(model, data, SPLITS, data_options)
    splits = {name: labelled[name] for name in SPLITS} | {"train": subsample(labelled["train"], train_rows)}
    folder = SweepFolder(out)
    group.once(lambda: folder.claim(_identity(model, splits, plan)))
    train, validation = (
        extract_split(model, splits[name], f"reading {name}", options, progress) for name in ("train", "validation")
    )
    require_both(train.errors.numpy(), "training")
    require_both(validation.errors.numpy(), "validation")
    trials = plan_trials(plan, train, validation)
    classifier_head = model.classifier.head
    group.once(lambda: _run_missing(folder, trials, plan, (train, validation), classifier_head, progress=progress))
    # Everything is chosen; only now are the test rows read, and each head meets them once.
    test = extract_split(model, splits["test"], "reading test", options, progress)

    def test_and_write() -> SensitivityResult:
        table = open_test(folder, plan, test, classifier_head)
        table = table[trials_in(table).isin(trials)].reset_index(drop=True)
        rows = {"training": train, "validation": validation, "test": test}
        facts = SweepFacts(
            adapter=str(adapter),
            data=str(data),
            settings=plan.settings,
            seeds=plan.seeds,
            rows={name: len(read) for name, read in rows.items()},
            errors={name: int(read.errors.sum()) for name, read in rows.items()},
            machine=_machine(),
            seconds=float(sum(lines["trial_seconds"].iloc[0] for lines in by_trial(table).values())),
        )
        return _write_reports(folder, table, facts, trials, device=str(model.classifier.device))

    return group.once(test_and_write)


def open_test(folder: SweepFolder, plan: SweepPlan, test: FeatureSet, classifier_head: AdueHead) -> pd.DataFrame:
    """Return the table with what every kept head does on the test rows; results that are there stay.

    Raises
    ------
    DataError
        When no AUROC exists on the test rows.
    """
    require_both(test.errors.numpy(), "test")
    table, measured = folder.table(), []
    reference = measure_softmax_response(test)
    for trial, lines in by_trial(table).items():
        if lines["test_auroc"].notna().any():
            continue
        settings = trial_settings(trial, plan)
        for index, weights in zip(kept_lines(lines), folder.heads(trial), strict=True):
            head = AdueHead.from_weights(classifier_head.shape, weights, settings.score, settings.sharpness)
            table.loc[index, ["test_auroc", "test_softmax_response"]] = measure_head(head, test), reference
            if table.loc[index, "chosen"]:
                bounds = interval_of_gain(head, test)
                table.loc[index, ["test_gain_low", "test_gain_high"]] = bounds
        measured.append(trial)
    folder.write(table)
    folder.forget_heads(measured)
    return table


def _run_missing(
    folder: SweepFolder,
    trials: list[Trial],
    plan: SweepPlan,
    rows: tuple[FeatureSet, FeatureSet],
    classifier_head: AdueHead,
    *,
    progress: Progress,
) -> None:
    done = by_trial(folder.table())
    with progress(f"training {len(trials)} stacks of heads", len(trials)) as advance:
        for trial in trials:
            if trial not in done:
                folder.add(trial, run_trial(trial, plan, *rows, classifier_head))
            advance(1)


def _identity(model: AdueModel, splits: Mapping[str, Dataset], plan: SweepPlan) -> dict[str, object]:
    return {
        "adapter_sha256": model.origin.sha256,
        "model": [model.classifier.fingerprint, model.classifier.max_length, *_described(model.classifier.reading)],
        "data_sha256": {name: fingerprint(rows) for name, rows in splits.items()},
        "plan": plan.to_dict() | {"seeds": None},
        "versions": {name: version(name) for name in ("adue", "torch")},
    }


def _described(reading: Reading) -> list[dict[str, object]]:
    """Return what is done to texts; nothing where they are read as they are, as sweeps of older versions read them."""
    return [] if reading.is_plain else [reading.to_dict()]


def _machine() -> str:
    python, threads = platform.python_version(), torch.get_num_threads()
    return f"{platform.machine()}, {threads} threads, Python {python}, torch {torch.__version__}"


def _write_reports(
    folder: SweepFolder, table: pd.DataFrame, facts: SweepFacts, trials: list[Trial], *, device: str
) -> SensitivityResult:
    report, summary = folder.path / "sweep.html", folder.path / "sweep.md"
    findings = write_sensitivity(report, summary, table, facts)
    return SensitivityResult(
        adapter=facts.adapter,
        data=facts.data,
        table=str(folder.table_path),
        report=str(report),
        summary=str(summary),
        trials=len(trials),
        heads=len(table),
        device=device,
        seconds=facts.seconds,
        findings=findings.sentences,
        defaults=findings.defaults,
    )
