"""The sentences of the report of a sweep, each from numbers by a rule of adue.research.sensitivity.report.rules."""

from collections.abc import Sequence

import pandas as pd

from adue.foundation.config import HyperParameters
from adue.report.numbers import SPACE, count, decimal, signed
from adue.research.sensitivity.report.findings import Defaults, Findings, SweepFacts
from adue.research.sensitivity.report.rules import (
    RELEVANT,
    GridChoice,
    SharpnessChoice,
    choose_point,
    choose_sharpness,
    enough_errors,
    enough_validation_rows,
)
from adue.research.sensitivity.report.seed_means import CurvePoint, chosen_heads, curve, grid_means, noise_of_rows

NAMES = {"learning_rate": "the learning rate", "alpha": "alpha", "beta": "beta"}
TENTH = f"{100 * RELEVANT:g} points"


def points(difference: float) -> str:
    """Return a difference of AUROCs in hundredths, as people say it.

    >>> points(0.0123)
    '+1.23'
    """
    return signed(100 * difference, 2)


def findings(table: pd.DataFrame, facts: SweepFacts) -> Findings:
    """Return what the sweep shows and which defaults follow."""
    sharpness = choose_sharpness(table, facts.settings.sharpness) if curve(table, "sharpness") else None
    grid, errors, rows = choose_point(table), enough_errors(table), enough_validation_rows(table)
    defaults = Defaults(
        **grid.taken.model_dump(include={"learning_rate", "alpha", "beta"}),
        sharpness=None if sharpness is None else sharpness.taken,
        enough_errors=errors,
        enough_validation_rows=rows,
    )
    sentences = (
        defaults_sentence(defaults, facts),
        grid_sentence(table, grid),
        *([] if sharpness is None else [sharpness_sentence(table, sharpness)]),
        errors_sentence(table, errors),
        validation_sentence(table, rows),
        noise_sentence(table, facts),
    )
    return Findings(sentences, defaults)


def defaults_sentence(defaults: Defaults, facts: SweepFacts) -> str:
    """Return the defaults that follow for this adapter and data."""
    sharpness = "" if defaults.sharpness is None else f", lambda {defaults.sharpness:g}"
    return (
        f"Defaults that follow from {count(facts.rows['validation'], 'validation row')} of {facts.data}: learning rate "
        f"{defaults.learning_rate:g}, alpha {defaults.alpha:g}, beta {defaults.beta:g}{sharpness}."
    )


def grid_sentence(table: pd.DataFrame, choice: GridChoice) -> str:
    """Return the best grid point, the one taken, what each does on test rows, and which hyperparameter matters."""
    means = grid_means(table)
    best, taken = means[choice.best], means[choice.taken]
    most = max(choice.ranges, key=choice.ranges.__getitem__)
    ranges = ", ".join(f"{NAMES[name]} {100 * width:.2f}" for name, width in choice.ranges.items())
    edges = " and ".join(NAMES[name] for name in choice.edges)
    nearest = (
        f"No other grid point within one standard error or {TENTH} of it stays nearer to the classifier."
        if choice.taken == choice.best
        else f"Of all grid points within one standard error or {TENTH} of it, {_name_point(choice.taken)} stays "
        f"nearest to the classifier: {points(taken.gain('validation'))} on validation rows, "
        f"{points(taken.gain('test'))} on test rows."
    )
    return (
        f"The highest mean gain over softmax response on validation rows is {points(best.gain('validation'))} points "
        f"of AUROC, at {_name_point(choice.best)} ({points(best.gain('test'))} on test rows). {nearest} What "
        f"matters most is {NAMES[most]}: from worst to best value, the others averaged, {ranges} points."
        + (f" The best point lies at the edge of what was tried in {edges}." if edges else "")
    )


def sharpness_sentence(table: pd.DataFrame, choice: SharpnessChoice) -> str:
    """Return whether another lambda than the default is better, which are worse, and which teach nothing."""
    line = {point.value: point for point in curve(table, "sharpness")}
    dead = [value for value, point in line.items() if point.dead]
    worse = [value for value in choice.worse if value not in dead]
    if choice.taken == choice.default:
        verdict = f"No lambda beats {choice.default:g} on validation rows beyond the noise of rows and seeds."
    else:
        aurocs = [decimal(line[value].test.auroc.value) for value in (choice.taken, choice.default)]
        verdict = (
            f"Lambda {choice.taken:g} beats {choice.default:g} on validation rows beyond the noise of rows and seeds; "
            f"AUROC on test rows {aurocs[0]} against {aurocs[1]}."
        )
    return (
        verdict
        + (f" Worse in the same sense: {_list_values(worse)}." if worse else "")
        + (f" With lambda {_list_values(dead)} all rows get the same U, for SmoothMax exceeds 1." if dead else "")
    )


def errors_sentence(table: pd.DataFrame, enough: int | None) -> str:
    """Return how many training errors it takes until the head is better than softmax response on test rows."""
    ends = [f"{points(p.test.gain.value)} with {count(int(p.value), 'error')}" for p in _ends(curve(table, "errors"))]
    verdict = (
        f"At no number of training errors is the gain on test rows, there and at all larger numbers, {TENTH} or more "
        "and above zero in its interval over draws"
        if enough is None
        else f"From {count(enough, 'training error')} on, the gain on test rows is {TENTH} or more and above zero in "
        "its interval over draws"
    )
    return f"{verdict}; it is {' and '.join(ends)}."


def validation_sentence(table: pd.DataFrame, enough: int | None) -> str:
    """Return how many validation rows are as good as all, and how far the gain on them promises too much."""
    line = curve(table, "validation")
    excess = " and ".join(f"{points(point.optimism)} with {count(int(point.value), 'row')}" for point in _ends(line))
    return (
        f"Choosing on {count(enough or int(line[-1].value), 'validation row')} or more costs less than {TENTH} of "
        f"AUROC on test rows against choosing on all. The gain on the rows of the choice exceeds that on test "
        f"rows by {excess}."
    )


def noise_sentence(table: pd.DataFrame, facts: SweepFacts) -> str:
    """Return what the test rows themselves can show, apart from seeds and draws."""
    heads = chosen_heads(table, "validation")
    noise = noise_of_rows(heads[heads["value"] == heads["value"].max()], "test")
    return (
        f"All of this is measured on the same {count(facts.rows['test'], 'test row')} with "
        f"{count(facts.errors['test'], 'error')}; others would move a gain by about {100 * noise:.2f}{SPACE}"
        f"points (half of the paired 95{SPACE}% interval of the head that all rows choose)."
    )


def _name_point(point: HyperParameters) -> str:
    return f"learning rate {point.learning_rate:g}, alpha {point.alpha:g}, beta {point.beta:g}"


def _list_values(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _ends(line: Sequence[CurvePoint]) -> list[CurvePoint]:
    return [line[0], line[-1]] if len(line) > 1 else list(line)
