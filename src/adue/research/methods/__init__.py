"""The methods of the comparison, each fitted on features and scoring rows."""

from collections.abc import Callable, Sequence

from adue.foundation.errors import DataError
from adue.research.methods.ablations import ABLATION_METHODS
from adue.research.methods.adue import ADUE_METHODS
from adue.research.methods.bayesian import BAYESIAN_METHODS
from adue.research.methods.boosted import BOOSTED_METHODS
from adue.research.methods.combinations import COMBINATION_METHODS
from adue.research.methods.distances import distance_methods
from adue.research.methods.method import FitRows, Method, Sampling, Scorer, ScoreRows
from adue.research.methods.outputs import output_methods
from adue.research.methods.probes import PROBE_METHODS
from adue.research.methods.sampled import SAMPLED_METHODS

__all__ = [
    "FAMILIES",
    "FitRows",
    "Method",
    "Sampling",
    "ScoreRows",
    "Scorer",
    "all_methods",
    "method_groups",
    "select_methods",
]

FAMILIES: dict[str, Callable[[], tuple[Method, ...]]] = {
    "outputs": output_methods,
    "distances": distance_methods,
    "bayesian": lambda: BAYESIAN_METHODS,
    "sampled": lambda: SAMPLED_METHODS,
    "adue": lambda: ADUE_METHODS,
    "ablations": lambda: ABLATION_METHODS,
    "probes": lambda: PROBE_METHODS,
    "boosted": lambda: BOOSTED_METHODS,
    "combinations": lambda: COMBINATION_METHODS,
}
"""Methods by what they have in common; those of the registry of scores are read when they are asked for."""


def all_methods() -> dict[str, Method]:
    """Return every method, by its name in the tables."""
    return {method.name: method for family in FAMILIES.values() for method in family()}


def method_groups() -> dict[str, tuple[str, ...]]:
    """Return names of methods, by the name of their group."""
    methods = all_methods()
    return {
        **{name: tuple(method.name for method in family()) for name, family in FAMILIES.items()},
        "ensembles": tuple(name for name, method in methods.items() if method.ensemble),
        "single-pass": tuple(name for name, method in methods.items() if method.single_pass),
        "all": tuple(methods),
    }


def select_methods(names: Sequence[str]) -> tuple[Method, ...]:
    """Return the methods with these names, and those of the groups with these names; each once, in the order given.

    Raises
    ------
    DataError
        When a name is neither a method nor a group; the message lists both.

    Examples
    --------
    >>> [method.name for method in select_methods(["entropy", "entropy"])]
    ['entropy']
    """
    methods, groups = all_methods(), method_groups()
    chosen: dict[str, Method] = {}
    for name in names:
        if name not in methods and name not in groups:
            raise DataError(
                f"there is no method or group called '{name}'; the groups are {', '.join(groups)}, the methods "
                f"{', '.join(methods)}"
            )
        chosen |= {member: methods[member] for member in groups.get(name, (name,))}
    return tuple(chosen.values())
