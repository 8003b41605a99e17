"""What `adue.datasets` offers, and that a stream of rows waits for no heavy library."""

import subprocess
import sys
from pathlib import Path

import pytest

import adue.datasets

HEAVY = {"datasets", "sklearn", "torch"}


def heavy_after(statements: str) -> set[str]:
    code = f"import sys; {statements}; print(*({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_every_public_name_is_there_and_no_other() -> None:
    assert {name: getattr(adue.datasets, name) for name in dir(adue.datasets)}.keys() == set(adue.datasets.__all__)
    with pytest.raises(AttributeError, match=r"module 'adue\.datasets' has no attribute 'load_split'"):
        adue.datasets.load_split  # noqa: B018


def test_a_stream_of_rows_needs_no_heavy_library(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.zst"
    code = (
        "from adue.datasets import guess_text_column, fingerprint; from adue.datasets.file_formats.stream import *;"
        f"stack = write_rows({str(path)!r}); append = stack.__enter__(); append([{{'text': 'a'}}]);"
        f"stack.__exit__(None, None, None); assert len(list(read_rows({str(path)!r}))) == 1"
    )
    assert heavy_after(code) == set()


def test_the_check_sees_a_heavy_import() -> None:
    assert heavy_after("import adue.datasets; adue.datasets.read_file") >= {"datasets"}
