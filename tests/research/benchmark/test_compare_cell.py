import warnings

from sklearn.exceptions import ConvergenceWarning

from adue.foundation.errors import DataWarning
from adue.research.benchmark.compare_cell import collect_notes


def test_what_adue_warns_of_and_fits_that_did_not_converge_are_collected() -> None:
    with collect_notes() as notes:
        warnings.warn("few rows", DataWarning, stacklevel=1)
        warnings.warn("lbfgs failed to converge\nsee the manual", ConvergenceWarning, stacklevel=1)
    assert notes == ["few rows", "lbfgs failed to converge"]
