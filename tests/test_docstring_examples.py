"""The examples in docstrings of modules that need no model are true; tests/test_doctests.py asks more of some wings."""

import doctest
import pkgutil
from importlib import import_module

import pytest

PACKAGES = (
    "adue.foundation.config",
    "adue.report",
    "adue.research.benchmark",
    "adue.research.sensitivity",
    "adue.research.sensitivity.report",
)
MODULES = [
    f"{package}.{module.name}"
    for package in PACKAGES
    for module in pkgutil.iter_modules(import_module(package).__path__)
    if not module.ispkg
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name: str) -> None:
    printed: list[str] = []
    for test in doctest.DocTestFinder().find(import_module(name)):
        assert doctest.DocTestRunner().run(test, out=printed.append).failed == 0, "".join(printed)
