"""cells.csv: whole lines only, and what was written is what is read."""

import math
from pathlib import Path

import pytest

from adue.foundation.errors import ArtifactError
from adue.research.benchmark.cells_csv import COLUMNS, CellTable, RowId, Value
from tests.support.disk import files_up_to


def row(**values: Value) -> dict[str, Value]:
    plain: dict[str, Value] = dict.fromkeys(COLUMNS, math.nan)
    names = {"model": "m", "data_set": "d", "evaluation_set": "e", "method": "entropy", "note": "", "key": "k"}
    return {**plain, **names, "seed": 0, "shifted": False, **values}


@pytest.fixture
def table(tmp_path: Path) -> CellTable:
    return CellTable(tmp_path / "cells.csv")


def test_a_row_is_read_as_it_was_written(table: CellTable) -> None:
    table.append(row(auroc=0.25, n=7, shifted=True, note='a "quoted", and\nbroken note'))
    (read,) = table.read()
    assert (read["auroc"], read["n"], read["shifted"], read["ece"]) == ("0.25", "7", "true", "")
    assert read["note"] == 'a "quoted", and broken note'


def test_the_header_stands_once(table: CellTable) -> None:
    table.append(row(seed=0))
    table.append(row(seed=1))
    lines = table.path.read_text().splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert len(lines) == 3


@pytest.mark.parametrize("torn", ["m,d,e,fal", "m", '"half a quote'])
def test_a_line_that_was_torn_is_cut_off(table: CellTable, torn: str) -> None:
    table.append(row(seed=0))
    whole = table.path.read_bytes()
    table.path.write_bytes(whole + torn.encode())
    table.cut_torn_line()
    assert table.path.read_bytes() == whole


def test_a_torn_header_is_written_again(table: CellTable) -> None:
    table.path.write_text("model,data_")
    table.cut_torn_line()
    table.append(row())
    assert len(table.read()) == 1


def test_a_whole_file_and_a_missing_file_stay_as_they_are(table: CellTable) -> None:
    table.cut_torn_line()
    assert not table.path.exists()
    table.append(row())
    whole = table.path.read_bytes()
    table.cut_torn_line()
    assert table.path.read_bytes() == whole


def test_dropped_rows_are_gone_and_the_others_as_they_were(table: CellTable) -> None:
    for seed in range(3):
        table.append(row(seed=seed, auroc=seed / 3))
    lines = table.path.read_text().splitlines()
    table.drop({RowId("m", "d", "e", 1, "entropy")})
    assert table.path.read_text().splitlines() == [lines[0], lines[1], lines[3]]


def test_keys_are_found_by_row(table: CellTable) -> None:
    table.append(row(key="one"))
    assert table.keys_by_row() == {RowId("m", "d", "e", 0, "entropy"): "one"}


def test_a_file_of_another_version_is_refused(table: CellTable) -> None:
    table.path.write_text("model,data_set\nm,d\n")
    with pytest.raises(ArtifactError, match="has other columns than this version of adue writes; move it away"):
        table.read()


def test_a_full_disk_is_one_line(table: CellTable) -> None:
    table.append(row())
    with files_up_to(table.path.stat().st_size), pytest.raises(ArtifactError, match=r"cannot write .*cells\.csv"):
        table.append(row(seed=1))
