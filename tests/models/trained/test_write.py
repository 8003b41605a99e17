import re
from pathlib import Path

import pytest

from adue import AdueModel, ArtifactError
from adue.models.trained.write import save_classifier
from tests.support.adapters import random_texts, save_tiny_adapter, save_tiny_whole
from tests.support.disk import files_up_to

TEXTS = random_texts(8)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_adapter(tmp_path_factory.mktemp("bert"), "bert")


def test_an_adapter_is_written_with_its_tokenizer_and_nothing_else(bert: Path, tmp_path: Path) -> None:
    model = AdueModel.from_pretrained(bert)
    digest = save_classifier(model.classifier, tmp_path / "new" / "folder", model.origin)
    assert digest == model.origin.sha256
    assert {path.name for path in (tmp_path / "new" / "folder").iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }


def test_a_whole_model_is_written_with_its_tokenizer(tmp_path: Path) -> None:
    model = AdueModel.from_pretrained(save_tiny_whole(tmp_path / "whole", "bert"))
    save_classifier(model.classifier, tmp_path / "copy", model.origin)
    copy = AdueModel.from_pretrained(tmp_path / "copy")
    assert copy.origin.sha256 == model.origin.sha256
    assert (copy.predict_proba(TEXTS) == model.predict_proba(TEXTS)).all()


def test_files_that_are_there_are_left_alone(bert: Path) -> None:
    model = AdueModel.from_pretrained(bert)
    before = {path: path.stat().st_mtime_ns for path in bert.iterdir()}
    assert save_classifier(model.classifier, bert, model.origin) == model.origin.sha256
    assert {path: path.stat().st_mtime_ns for path in bert.iterdir()} == before


@pytest.mark.parametrize("other", ["adapter", "whole model"])
def test_another_classifiers_folder_is_refused_with_both_digests(bert: Path, tmp_path: Path, other: str) -> None:
    model = AdueModel.from_pretrained(bert)
    make = save_tiny_adapter if other == "adapter" else save_tiny_whole
    folder = make(tmp_path / "other", "bert", seed=2)
    found = AdueModel.from_pretrained(folder).origin.sha256
    words = f"{folder} holds weights with SHA-256 {found}, this head was fitted on {model.origin.sha256}; choose"
    with pytest.raises(ArtifactError, match=re.escape(words)):
        save_classifier(model.classifier, folder, model.origin)
    assert AdueModel.from_pretrained(folder).origin.sha256 == found


def test_a_folder_that_cannot_be_written_is_one_line(bert: Path, tmp_path: Path) -> None:
    model = AdueModel.from_pretrained(bert)
    (tmp_path / "file").touch()
    with pytest.raises(ArtifactError, match=r"cannot write .*file/folder: Not a directory; choose another folder"):
        save_classifier(model.classifier, tmp_path / "file" / "folder", model.origin)


@pytest.mark.parametrize("kind", ["adapter", "whole model"])
def test_a_full_disk_leaves_an_empty_folder_and_one_line(tmp_path: Path, kind: str) -> None:
    make = save_tiny_adapter if kind == "adapter" else save_tiny_whole
    model = AdueModel.from_pretrained(make(tmp_path, "bert"))
    target = tmp_path / "target"
    with (
        files_up_to(2000),
        pytest.raises(ArtifactError, match=f"^cannot write {target}: .*; choose another folder$"),
    ):
        save_classifier(model.classifier, target, model.origin)
    assert list(target.iterdir()) == []
