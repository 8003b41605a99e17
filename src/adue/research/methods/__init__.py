"""The methods of the comparison, each fitted on features and scoring rows."""

from collections.abc import Sequence

from adue.foundation.errors import DataError
from adue.research.methods.ablations import ABLATION_METHODS
from adue.research.methods.adue import ADUE_METHODS
from adue.research.methods.bayesian import BAYESIAN_METHODS
from adue.research.methods.boosted import BOOSTED_METHODS
from adue.research.methods.combinations import COMBINATION_METHODS
from adue.research.methods.distances import DISTANCE_METHODS
from adue.research.methods.method import FitRows, Method, Sampling, Scorer, ScoreRows
from adue.research.methods.outputs import OUTPUT_METHODS
from adue.research.methods.probes import PROBE_METHODS
from adue.research.methods.sampled import SAMPLED_METHODS

__all__ = [
    "GROUPS",
    "METHODS",
    "FitRows",
    "Method",
    "Sampling",
    "ScoreRows",
    "Scorer",
    "select_methods",
]

_FAMILIES: dict[str, tuple[Method, ...]] = {
    "outputs": OUTPUT_METHODS,
    "distances": DISTANCE_METHODS,
    "bayesian": BAYESIAN_METHODS,
    "sampled": SAMPLED_METHODS,
    "adue": ADUE_METHODS,
    "ablations": ABLATION_METHODS,
    "probes": PROBE_METHODS,
    "boosted": BOOSTED_METHODS,
    "combinations": COMBINATION_METHODS,
}

METHODS: dict[str, Method] = {method.name: method for family in _FAMILIES.values() for method in family}
"""Every method, by its name in the tables."""

GROUPS: dict[str, tuple[str, ...]] = {
    **{name: tuple(method.name for method in family) for name, family in _FAMILIES.items()},
    "ensembles": tuple(name for name, method in METHODS.items() if method.ensemble),
    "single-pass": tuple(name for name, method in METHODS.items() if method.single_pass),
    "all": tuple(METHODS),
}
"""Names of methods, by what they have in common."""


def select_methods(names: Sequence[str]) -> tuple[Method, ...]:
    """Return the methods that are called so or belong to a group called so, each once, in the order asked for.

    Raises
    ------
    DataError
        When a name is neither a method nor a group; the message lists both.

    Examples
    --------
    >>> [method.name for method in select_methods(["entropy", "entropy"])]
    ['entropy']
    """
    chosen: dict[str, Method] = {}
    for name in names:
        if name not in METHODS and name not in GROUPS:
            raise DataError(
                f"there is no method or group called '{name}'; the groups are {', '.join(GROUPS)}, the methods "
                f"{', '.join(METHODS)}"
            )
        chosen |= {member: METHODS[member] for member in GROUPS.get(name, (name,))}
    return tuple(chosen.values())
