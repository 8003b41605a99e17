"""A plan with bootstrap draws against a plain loop over draws and thresholds: 20 classes, a matrix of costs.

The loop tries GRID thresholds on each draw; the plan tries every score that occurs, and makes all else of a plan too.
The loop runs over a few draws, and its time is scaled to all of them: `loop_draws` says over how many it ran. `agree`
is whether both find the same cost at each of these thresholds on each of these draws, and the same cheapest of them.
"""

from functools import partial

import numpy as np

from adue.decisions.costs import Costs
from adue.decisions.draws import draw_counts
from adue.decisions.least_cost import Levels
from adue.decisions.plan import make_plan
from adue.decisions.rows import ScoredRows, row_costs
from measure import Run, arguments, compare, report, timed

CLASSES, GRID = 20, 100


def make_rows(rows: int) -> tuple[ScoredRows, Costs]:
    """Return labelled rows with saturated scores, and a matrix of costs."""
    rng = np.random.default_rng(0)
    u = rng.beta(0.25, 1.6, rows)
    labels = rng.integers(0, CLASSES, rows)
    wrong = rng.random(rows) < 0.02 + 0.75 * u
    answers = np.where(wrong, (labels + rng.integers(1, CLASSES, rows)) % CLASSES, labels)
    matrix = rng.integers(1, 40, (CLASSES, CLASSES)).astype(float)
    np.fill_diagonal(matrix, 0)
    names = tuple(f"class {index}" for index in range(CLASSES))
    held = np.zeros(rows, dtype=bool)
    costs = Costs(error=tuple(map(tuple, matrix.tolist())), review=2.0)
    return ScoredRows(u, answers, labels, names, held), costs


def thresholds_of(rows: ScoredRows) -> np.ndarray:
    """Return the thresholds that the loop tries."""
    grid: np.ndarray = np.quantile(rows.u, np.arange(1, GRID + 1) / GRID, method="inverted_cdf")
    return grid


def plan(size: int, draws: int, loop_draws: int) -> Run:
    """Return the run of the plan, and its costs at the thresholds of the loop on the loop's draws."""
    rows, costs = make_rows(size)
    run = timed(lambda: make_plan(rows, costs, resamples=draws))
    each, levels = row_costs(rows, costs), Levels.of(rows)
    at = np.searchsorted(levels.values, thresholds_of(rows), side="right")
    counts = np.concatenate(list(draw_counts(size, loop_draws, 0)))
    reviewed = counts @ each.review
    totals = reviewed[:, None] + levels.sums(counts * (each.accept - each.review))[:, at]
    return Run(run.seconds, run.peak_mb, totals / size)


def loop(size: int, draws: int, loop_draws: int) -> Run:
    """Return the run of the loop, its time as if it went over all draws, and the mean cost of each."""
    rows, costs = make_rows(size)
    counts = np.concatenate(list(draw_counts(size, loop_draws, 0))).astype(int)
    drawn = [np.repeat(np.arange(size), one) for one in counts]
    matrix, grid = np.array(costs.error), thresholds_of(rows)

    def work() -> np.ndarray:
        found = np.zeros((loop_draws, GRID))
        for number, chosen in enumerate(drawn):
            u, answers, labels = rows.u[chosen], rows.predictions[chosen], rows.labels[chosen]
            for index, threshold in enumerate(grid):
                found[number, index] = np.where(u <= threshold, matrix[labels, answers], costs.review).mean()
        return found

    run = timed(work)
    return Run(run.seconds * draws / loop_draws, run.peak_mb, run.answer)


def main() -> None:
    """Run the benchmark."""
    options = arguments(__doc__)
    size, draws = (100_000, 1000) if options.full else (20_000, 1000)
    loop_draws, repeats = (5, 3) if options.full else (3, 1)
    ours, ordinary = compare(partial(plan, size, draws, loop_draws), partial(loop, size, draws, loop_draws), repeats)
    same = all(
        np.allclose(one.answer, other.answer) and (one.answer.argmin(1) == other.answer.argmin(1)).all()
        for one, other in zip(ours, ordinary, strict=True)
    )
    report(
        "decisions",
        ours,
        ordinary,
        agree=same,
        target=options.json,
        rows=size,
        classes=CLASSES,
        draws=draws,
        loop_thresholds=GRID,
        loop_draws=loop_draws,
    )


if __name__ == "__main__":
    main()
