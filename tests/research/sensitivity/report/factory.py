"""Tables of sweeps with numbers chosen by hand, for the tests of the report."""

from collections.abc import Callable, Mapping
from itertools import product

import pandas as pd

from adue.foundation.config import FitSettings
from adue.research.sensitivity.report import SweepFacts

RATES, PULLS = (1e-4, 1e-3), (0.0, 1.0, 10.0)
REFERENCE = 0.7
"""AUROC of softmax response on all rows."""

Gain = Callable[[float, float, float], float]
"""Of learning rate, alpha and beta."""


def make_table(
    *,
    grid: Gain = lambda rate, alpha, beta: 0.01,
    sharpness: Mapping[float, float] | None = None,
    errors: Mapping[float, float] | None = None,
    validation: Mapping[float, float] | None = None,
    optimism: float = 0.01,
    jitter: float = 0.0002,
    noise: float = 0.002,
    seeds: int = 3,
) -> pd.DataFrame:
    """Return a table; the mappings are test gains by value, `noise` half the bootstrap interval of every gain.

    Validation gains are larger by `optimism`; seeds differ by `jitter`, around the gain given.
    """
    curves = {
        "sharpness": {10.0: 0.01, 100.0: 0.01} if sharpness is None else sharpness,
        "errors": {10.0: 0.0, 100.0: 0.01} if errors is None else errors,
        "validation": {50.0: 0.0, 500.0: 0.01} if validation is None else validation,
    }
    lines = []
    for seed in range(seeds):
        shift = jitter * (seed - (seeds - 1) / 2)
        points = {point: grid(*point) for point in product(RATES, PULLS, PULLS)}
        best = max(points, key=points.__getitem__)
        lines += [
            _line("grid", 100.0, seed, point, chosen=point == best) | _numbers(gain + shift, optimism, noise)
            for point, gain in points.items()
        ]
        for experiment, gains in curves.items():
            lines += [
                _line(experiment, value, seed, (1e-4, 1.0, 1.0), chosen=True) | _numbers(gain + shift, optimism, noise)
                for value, gain in gains.items()
            ]
    return pd.DataFrame(lines)


def make_facts(data: str = "reviews", settings: FitSettings | None = None, seeds: int = 3) -> SweepFacts:
    """Return facts that go with any table."""
    return SweepFacts(
        adapter="my-adapter",
        data=data,
        settings=settings or FitSettings(),
        seeds=seeds,
        rows={"training": 7000, "validation": 500, "test": 2000},
        errors={"training": 100, "validation": 90, "test": 400},
        machine="x86_64, 2 threads",
        seconds=12.3,
    )


def _line(
    experiment: str, value: float, seed: int, point: tuple[float, float, float], *, chosen: bool
) -> dict[str, object]:
    head = dict(zip(("learning_rate", "alpha", "beta"), point, strict=True))
    return {"experiment": experiment, "value": value, "seed": seed, "chosen": chosen} | head


def _numbers(gain: float, optimism: float, noise: float) -> dict[str, float]:
    both = {"validation": gain + optimism, "test": gain}
    aurocs = {f"{where}_auroc": REFERENCE + one for where, one in both.items()}
    ends = {
        f"{where}_gain_{end}": one + sign * noise
        for where, one in both.items()
        for end, sign in (("low", -1), ("high", 1))
    }
    return aurocs | ends | {f"{where}_softmax_response": REFERENCE for where in both}
