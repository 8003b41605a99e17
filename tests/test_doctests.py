import doctest
import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

MODULES = (
    "adue.foundation.digests",
    "adue.heads.fit",
    "adue.heads.head",
    "adue.heads.losses",
    "adue.heads.score",
    "adue.metrics.calibration",
    "adue.metrics.cells",
    "adue.metrics.delong",
    "adue.metrics.evaluation",
    "adue.metrics.intervals",
    "adue.metrics.ranking",
    "adue.metrics.selective",
    "adue.metrics.significance",
    "adue.metrics.ties",
    "adue.scores.density",
    "adue.scores.distances",
    "adue.scores.kernels",
    "adue.scores.moments",
    "adue.scores.neighbours",
    "adue.scores.outputs",
    "adue.scores.parts",
    "adue.scores.registry",
    "adue.scores.robust",
    "adue.scores.samples",
    "adue.scores.temperature",
    "adue.scores.whitening",
    "adue.foundation.strata",
)


def public_functions() -> dict[str, Callable[..., Any]]:
    found: dict[str, Callable[..., Any]] = {}
    for module in MODULES:
        for name, member in vars(import_module(module)).items():
            function = inspect.unwrap(member) if callable(member) else None
            if inspect.isfunction(function) and function.__module__ == module and not name.startswith("_"):
                found[f"{module}.{name}"] = function
    return found


@pytest.mark.parametrize("function", [pytest.param(f, id=name) for name, f in public_functions().items()])
def test_every_public_function_has_an_example_that_is_true(function: Callable[..., Any]) -> None:
    # Not --doctest-modules: doctest overlooks functions that run-time shape checks wrap.
    examples = doctest.DocTestFinder().find(function, function.__name__, globs=dict(function.__globals__))
    assert sum(len(test.examples) for test in examples) > 0
    for test in examples:
        printed: list[str] = []
        assert doctest.DocTestRunner().run(test, out=printed.append).failed == 0, "".join(printed)


@pytest.mark.parametrize("name", ["FeatureSet", "FrozenConfig.to_dict"])
def test_the_examples_of_classes_are_true(name: str) -> None:
    home = import_module("adue.foundation.types" if name == "FeatureSet" else "adue.foundation.config.frozen")
    printed: list[str] = []
    found = [test for test in doctest.DocTestFinder().find(home) if test.name.endswith(name) and test.examples]
    assert len(found) == 1
    assert doctest.DocTestRunner().run(found[0], out=printed.append).failed == 0, "".join(printed)
