"""An exported graph is compared with what was stored when its head was fitted, at load and on rows given again."""

import json
import shutil
from pathlib import Path

import pytest

from adue import ArtifactError
from adue.models.export import OnnxAdueModel
from tests.models.export.conftest import Exported
from tests.support.adapters import random_texts


@pytest.fixture(scope="module")
def served(exported: Exported) -> Path:
    return exported("bert", "auto")


def test_a_graph_answers_as_the_classifier_did(served: Path) -> None:
    checked = OnnxAdueModel.from_pretrained(served).verify(random_texts(160))
    assert checked.agrees
    assert len(checked.texts) == checked.stored == 12
    assert checked.probe is not None
    assert (checked.now.backend, checked.now.dtype, checked.tolerance.logits) == ("onnx", "float32", 2e-4)


def test_the_graph_of_another_classifier_is_refused(served: Path, exported: Exported, tmp_path: Path) -> None:
    folder = shutil.copytree(served, tmp_path / "served")
    shutil.copy(exported("bert", "paper") / "adue_answers.json", folder)
    with pytest.raises(
        ArtifactError, match=r"adue_answers\.json was changed after it was saved, or belongs to another"
    ):
        OnnxAdueModel.from_pretrained(folder)
    manifest = folder / "adue_onnx.json"
    other = json.loads((exported("bert", "paper") / "adue_onnx.json").read_text())
    values = json.loads(manifest.read_text()) | {"answers_sha256": other["answers_sha256"]}
    manifest.write_text(json.dumps(values))
    with pytest.raises(ArtifactError, match=r"^the classifier does not answer as when its head was fitted"):
        OnnxAdueModel.from_pretrained(folder)
    assert OnnxAdueModel.from_pretrained(folder, check_answers=False).answers is not None


def test_eight_bits_may_move_answers_by_more(exported: Exported) -> None:
    checked = OnnxAdueModel.from_pretrained(exported("bert", "auto", int8=True)).verify(random_texts(160))
    assert checked.tolerance.logits == 0.5
    assert checked.probe is not None
    assert 2e-4 < checked.probe.logits < 0.5


def test_an_export_of_an_older_adue_is_served_and_cannot_be_verified(served: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(served, tmp_path / "served")
    manifest = folder / "adue_onnx.json"
    values = json.loads(manifest.read_text())
    del values["answers_sha256"]
    manifest.write_text(json.dumps(values))
    (folder / "adue_answers.json").unlink()
    with pytest.raises(ArtifactError, match=r"no answers are stored with this head, which an older adue fitted"):
        OnnxAdueModel.from_pretrained(folder).verify(["good"])
