"""Mahalanobis distances by a whitening, in parts, against every deviation from every class and a plain inverse.

Both ways give the squared distance to the nearest class under the same means and covariance. Ours works in float64; the
ordinary way runs in float64, and with --full in float32 too. `peak_mb` is the whole process, libraries and data
included; `added_mb` is what the work itself added to it. Fitting is measured apart, in processes of its own.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from sklearn.covariance import EmpiricalCovariance
from torch import Tensor

from adue.scores.distances import GaussianStatistics, mahalanobis
from measure import Run, arguments, compare, peak_mb, report, timed

TOLERANCE = 1e-6
"""Largest relative difference of any score."""

WARM_UP = 64
"""Rows that are worked on before the clock starts, so that no library is loaded while it runs."""


@dataclass(frozen=True)
class Size:
    """How many rows there are to train on, and again to score; of how many dimensions and classes."""

    rows: int
    hidden: int
    classes: int

    def draw(self, seed: int) -> tuple[Tensor, Tensor]:
        """Return features in float32 and labels; the directions' standard deviations span two orders of magnitude."""
        generator = torch.Generator().manual_seed(7)
        spread = torch.logspace(-1, 1, self.hidden)
        turn = torch.linalg.qr(torch.randn(self.hidden, self.hidden, generator=generator)).Q
        means = torch.randn(self.classes, self.hidden, generator=generator)
        generator.manual_seed(seed)
        labels = torch.randint(self.classes, (self.rows,), generator=generator)
        features = torch.randn(self.rows, self.hidden, generator=generator).mul_(spread) @ turn
        return features.add_(means[labels]), labels


@dataclass(frozen=True)
class Plain:
    """What the ordinary way knows of the training rows: class means and the inverse of the covariance within them."""

    means: Tensor
    precision: Tensor

    def scores(self, features: Tensor) -> Tensor:
        """Return the squared distance to the nearest class, from the deviations of all rows from all classes."""
        apart = features.to(self.means)[:, None] - self.means
        distances: Tensor = torch.einsum("nci,ij,ncj->nc", apart, self.precision, apart)
        return distances.amin(dim=-1)

    def to(self, dtype: torch.dtype) -> "Plain":
        """Return the same in another precision."""
        return Plain(self.means.to(dtype), self.precision.to(dtype))


def fit_streaming(size: Size) -> Run:
    """Return our run of fitting; it fits the covariance of all rows too."""
    features, labels = size.draw(seed=1)
    GaussianStatistics.fit(features[:WARM_UP, :2], labels[:WARM_UP])
    return measure_run(lambda: GaussianStatistics.fit(features, labels))


def fit_at_once(size: Size) -> Run:
    """Return the ordinary run: both covariances and inverses by scikit-learn."""
    features, labels = size.draw(seed=1)
    EmpiricalCovariance().fit(features[:WARM_UP, :2].double().numpy())

    def work() -> Plain:
        x, y = features.double().numpy(), labels.numpy()
        means = np.stack([x[y == label].mean(axis=0) for label in range(size.classes)])
        within = EmpiricalCovariance(assume_centered=True).fit(x - means[y])
        EmpiricalCovariance().fit(x)
        return Plain(torch.from_numpy(means), torch.from_numpy(within.precision_))

    return measure_run(work)


def score_whitened(size: Size, given: GaussianStatistics) -> Run:
    """Return our run of scoring."""
    return score_run(size, lambda features: mahalanobis(features, given))


def score_by_inverse(size: Size, given: Plain) -> Run:
    """Return the ordinary run of scoring."""
    return score_run(size, given.scores)


def score_run(size: Size, score: Callable[[Tensor], Tensor]) -> Run:
    """Return the run of scoring rows that were not trained on."""
    features, _ = size.draw(seed=2)
    score(features[:WARM_UP])
    return measure_run(lambda: score(features).double().numpy())


def measure_run(work: Callable[[], object]) -> Run:
    """Return the run of `work`; its answer is what it gave, and by how many MB it raised the process's peak."""
    before = peak_mb()
    run = timed(work)
    return replace(run, answer=(run.answer, run.peak_mb - before))


def product(size: Size) -> float:
    """Return the seconds of the one product that cannot be left out: all rows by a square matrix, in float64."""
    rows, square = torch.randn(size.rows, size.hidden).double(), torch.randn(size.hidden, size.hidden).double()
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        torch.mm(rows, square)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def difference(ours: Run, ordinary: Run) -> float:
    """Return the largest difference of two runs' scores, relative to the ordinary ones."""
    fast, plain = ours.answer[0], ordinary.answer[0]
    return float(np.max(np.abs(fast - plain) / plain))


def in_single(size: Size, repeats: int, ours: Callable[[], Run], plain: Plain, exact: Run) -> dict[str, float]:
    """Return how the ordinary way does in float32: half the work and the memory, and fewer digits."""
    fast, single = compare(ours, partial(score_by_inverse, size, plain.to(torch.float32)), repeats)
    return {
        "ratio": round(median_seconds(single) / median_seconds(fast), 2),
        "ordinary_seconds": median_seconds(single),
        "ordinary_added_mb": added(single),
        "its_difference_to_float64": difference(single[0], exact),
    }


def added(runs: Sequence[Run]) -> float:
    """Return the MB that the work added to the peak, at most."""
    return round(float(max(run.answer[1] for run in runs)), 1)


def median_seconds(runs: Sequence[Run]) -> float:
    """Return the middle run's seconds."""
    return round(statistics.median(run.seconds for run in runs), 4)


def main() -> None:
    """Run the benchmark."""
    options = arguments(__doc__)
    size, repeats = (Size(8000, 768, 20), 3) if options.full else (Size(4000, 384, 20), 2)
    fits, plain_fits = compare(partial(fit_streaming, size), partial(fit_at_once, size), repeats)
    given, plain = fits[0].answer[0], plain_fits[0].answer[0]
    score = partial(score_whitened, size, given)
    ours, ordinary = compare(score, partial(score_by_inverse, size, plain), repeats)
    largest = difference(ours[0], ordinary[0])
    report(
        "distances",
        ours,
        ordinary,
        agree=largest < TOLERANCE,
        target=options.json,
        rows=size.rows,
        hidden=size.hidden,
        classes=size.classes,
        largest_relative_difference=largest,
        added_mb=added(ours),
        ordinary_added_mb=added(ordinary),
        product_seconds=round(product(size), 4),
        float32=in_single(size, repeats, score, plain, ordinary[0]) if options.full else None,
        fit={
            "ratio": round(median_seconds(plain_fits) / median_seconds(fits), 2),
            "seconds": median_seconds(fits),
            "ordinary_seconds": median_seconds(plain_fits),
            "added_mb": added(fits),
            "ordinary_added_mb": added(plain_fits),
        },
    )


if __name__ == "__main__":
    main()
