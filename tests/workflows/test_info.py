from pathlib import Path

import pytest

from adue import AdueModel, ArtifactError, ModelError
from adue.workflows.info import info
from tests.support.adapters import save_tiny_whole
from tests.support.workspace import Workspace


def test_a_fitted_adapter_tells_base_model_hash_head_and_metrics(fitted: Workspace) -> None:
    result = info(fitted.adapter)
    assert result.kind == "LORA"
    assert result.adapter_settings["r"] == 2
    assert str(result.base_model).endswith("base")
    assert result.head is not None
    assert result.head.provenance is not None
    assert result.head.provenance.adapter_sha256 == result.adapter_sha256
    assert result.head.metrics.train_rows == 140


def test_the_hash_is_the_one_the_model_has(fitted: Workspace) -> None:
    assert info(fitted.adapter).adapter_sha256 == AdueModel.from_pretrained(fitted.adapter).origin.sha256


def test_an_adapter_without_a_head_says_so(raw: Workspace) -> None:
    assert info(raw.adapter).head is None
    assert info(raw.adapter).problem is None


def test_a_head_of_another_adapter_is_a_problem_not_a_failure(fitted: Workspace, tmp_path: Path) -> None:
    space = fitted.copy(tmp_path)
    config = space.adapter / "adue_config.json"
    text = config.read_text()
    sha256 = info(fitted.adapter).adapter_sha256
    config.write_text(text.replace(sha256, "0" * 64))
    result = info(space.adapter)
    assert result.head is None
    assert sha256 in str(result.problem)
    assert "0" * 64 in str(result.problem)


def test_a_whole_model_is_called_so(tmp_path: Path) -> None:
    assert info(save_tiny_whole(tmp_path / "model", "bert")).kind == "whole model"


def test_a_folder_of_neither_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds neither an adapter nor a model"):
        info(tmp_path)


def test_a_damaged_adapter_config_is_one_line(raw: Workspace, tmp_path: Path) -> None:
    space = raw.copy(tmp_path)
    (space.adapter / "adapter_config.json").write_text("{")
    with pytest.raises(ArtifactError, match=r"adapter_config.json cannot be read"):
        info(space.adapter)
