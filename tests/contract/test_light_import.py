"""`import adue` and `adue --help` must not wait for torch."""

import subprocess
import sys

import pytest

HEAVY = {"torch", "transformers", "peft", "plotly", "datasets", "sklearn"}


def heavy_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("statement", ["import adue", "import adue.cli", "import adue; dir(adue); adue.__version__"])
def test_importing_adue_is_light(statement: str) -> None:
    assert heavy_after(statement) == set()


def test_the_check_sees_a_heavy_import() -> None:
    assert heavy_after("import adue; adue.AdueHead") >= {"torch"}


def test_every_public_name_is_there_and_no_other() -> None:
    import adue  # noqa: PLC0415

    assert {name: getattr(adue, name) for name in adue.__all__}.keys() == set(adue.__all__)
    with pytest.raises(AttributeError, match="module 'adue' has no attribute 'AdueModle'"):
        adue.AdueModle  # noqa: B018
