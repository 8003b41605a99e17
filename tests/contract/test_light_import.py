"""`import adue` and `adue --help` must not wait for torch."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HEAVY = {"torch", "transformers", "peft", "plotly", "datasets", "sklearn"}


FOR_FITTING = {"datasets", "pandas", "pyarrow", "sklearn", "scipy.stats", "plotly", "typer", "rich"}
"""What neither transformers nor PEFT imports, and predicting does without."""


def heavy_after(statement: str, heavy: set[str] = HEAVY) -> set[str]:
    code = f"import sys; {statement}; print(*({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("statement", ["import adue", "import adue.cli", "import adue; dir(adue); adue.__version__"])
def test_importing_adue_is_light(statement: str) -> None:
    assert heavy_after(statement) == set()


def test_the_check_sees_a_heavy_import() -> None:
    assert heavy_after("import adue; adue.AdueHead") >= {"torch"}


def test_loading_and_predicting_import_nothing_that_only_fitting_needs(adapter_of: Callable[[str], Path]) -> None:
    statement = f"import adue; adue.AdueModel.from_pretrained({str(adapter_of('bert'))!r}).predict(['a good film'])"
    assert heavy_after(statement, FOR_FITTING) == set()


def test_the_check_sees_what_fitting_imports() -> None:
    assert heavy_after("import adue.datasets; adue.datasets.load_splits", FOR_FITTING) >= {
        "datasets",
        "pandas",
        "pyarrow",
    }


def test_every_public_name_is_there_and_no_other() -> None:
    import adue  # noqa: PLC0415

    assert {name: getattr(adue, name) for name in adue.__all__}.keys() == set(adue.__all__)
    with pytest.raises(AttributeError, match="module 'adue' has no attribute 'AdueModle'"):
        adue.AdueModle  # noqa: B018
