"""`adue verify` as a function: which rows it finds, by which numbers, and what it compares."""

import json
from pathlib import Path

import pytest

from adue import ArtifactError, DataError, ModelError
from adue.workflows.options import ModelOptions
from adue.workflows.verify import verify
from tests.support.workspace import Workspace


def texts_of(path: Path) -> list[str]:
    return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_rows_are_held_out_ones_and_go_by_their_number_in_their_split(fitted: Workspace) -> None:
    result = verify(fitted.adapter, fitted.data)
    assert result.agrees
    assert len(result.rows) == result.stored == 12
    assert {row.split for row in result.rows} == {"validation"}
    texts = texts_of(fitted.data / "validation.jsonl")
    alone = verify(fitted.adapter, fitted.data / "validation.jsonl")
    assert [row.row for row in alone.rows] == [row.row for row in result.rows]
    assert len({texts[row.row - 1] for row in result.rows}) == 12
    assert result.changed_since == ()


@pytest.mark.parametrize("ending", ["csv", "txt.jsonl"])
def test_texts_without_labels_are_enough(fitted: Workspace, tmp_path: Path, ending: str) -> None:
    texts = ["something else", *texts_of(fitted.data / "validation.jsonl")]
    path = tmp_path / f"mine.{ending}"
    if ending == "csv":
        path.write_text("id,body\n" + "".join(f"{number},{text}\n" for number, text in enumerate(texts)))
    else:
        path.write_text("".join(json.dumps({"body": text}) + "\n" for text in texts))
    result = verify(fitted.adapter, path, text_column="body")
    assert len(result.rows) == 12
    expected = [row.row + 1 for row in verify(fitted.adapter, fitted.data / "validation.jsonl").rows]
    assert [row.row for row in result.rows] == expected


def test_some_of_the_rows_are_compared_where_some_are_given(fitted: Workspace, tmp_path: Path) -> None:
    half = tmp_path / "half.jsonl"
    half.write_text("\n".join((fitted.data / "validation.jsonl").read_text().splitlines()[:40]))
    result = verify(fitted.adapter, half)
    assert 0 < len(result.rows) < result.stored
    assert result.agrees


def test_data_with_none_of_the_rows_are_refused(fitted: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("text\nunheard of\n")
    with pytest.raises(
        DataError, match=r"^none of the 12 rows whose answers are stored is in .*other\.csv; give the d"
    ):
        verify(fitted.adapter, path)


def test_a_difference_is_a_result_and_no_error(fitted: Workspace) -> None:
    result = verify(fitted.adapter, fitted.data, model_options=ModelOptions(max_length=4))
    assert not result.agrees
    differing = [row for row in result.rows if not row.agrees]
    assert {row.tokens_now for row in differing} == {4}
    assert result.probe is not None
    assert result.probe.logits <= result.allowed.logits


def test_without_a_head_the_cure_is_named(raw: Workspace) -> None:
    with pytest.raises(ArtifactError, match="has no uncertainty head yet; fit one with adue fit"):
        verify(raw.adapter, raw.data)


def test_an_exported_graph_is_verified_as_it_is(fitted: Workspace, tmp_path: Path) -> None:
    (tmp_path / "adue_onnx.json").write_text("{}")
    with pytest.raises(ModelError, match=r"is an exported graph, which is run as it is; leave --merge out"):
        verify(tmp_path, fitted.data, model_options=ModelOptions(merge=True))
