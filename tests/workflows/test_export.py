from pathlib import Path

import pytest

from adue import AdueModel, ArtifactError, DataWarning
from adue.models.export import OnnxAdueModel
from adue.workflows.export import export
from adue.workflows.options import ModelOptions
from tests.support.graphs import traced_once
from tests.support.workspace import Workspace

__all__ = ["traced_once"]
pytestmark = pytest.mark.usefixtures("traced_once")


def test_the_graph_is_compared_with_the_model_on_validation_rows(fitted: Workspace, tmp_path: Path) -> None:
    result = export(fitted.adapter, tmp_path / "served", data=fitted.data)
    assert result.comparison is not None
    assert result.comparison.rows == 80
    assert result.comparison.changed_predictions == 0
    assert result.comparison.largest_change_of_uncertainty < 1e-4
    assert result.comparison.exported.accuracy == result.comparison.model.accuracy
    assert result.comparison.model.auroc == pytest.approx(result.comparison.exported.auroc, abs=0.01)
    assert result.graph_bytes == (tmp_path / "served" / "model.onnx").stat().st_size
    names = OnnxAdueModel.from_pretrained(tmp_path / "served").predict(["good film"]).label_names
    assert names == AdueModel.from_pretrained(fitted.adapter).predict(["good film"]).label_names


def test_8_bits_unmeasured_are_warned_of(fitted: Workspace, tmp_path: Path) -> None:
    with pytest.warns(DataWarning, match="nobody has measured by how much here; give labelled rows with --data"):
        result = export(fitted.adapter, tmp_path / "served", int8=True)
    assert (result.precision, result.comparison) == ("int8", None)


def test_an_adapter_without_a_head_is_refused(raw: Workspace, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="fit one with adue fit"):
        export(raw.adapter, tmp_path / "served", model_options=ModelOptions(use_cache=False))
    assert not (tmp_path / "served").exists()
