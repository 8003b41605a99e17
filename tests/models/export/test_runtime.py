"""An exported folder serves by itself."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from adue import AdueModel, ArtifactError, DataWarning
from adue.foundation.config import Reading
from adue.models.export import OnnxAdueModel
from tests.models.export.conftest import Exported, ModelOf
from tests.support.adapters import random_texts


@pytest.fixture(scope="module")
def served(exported: Exported) -> Path:
    return exported("llama", "paper")


@pytest.fixture
def folder(served: Path, tmp_path: Path) -> Path:
    """A copy of the test's own."""
    return shutil.copytree(served, tmp_path / "served")


def test_texts_that_tokenizers_stumble_over_are_read_as_the_classifier_reads_them(
    model_of: ModelOf, served: Path
) -> None:
    model: AdueModel = model_of("llama", "paper")
    texts = ["", "  ", "good \ud800 film", "unheard-of words", "good " * 500]
    expected, got = model.predict(texts), OnnxAdueModel.from_pretrained(served).predict(texts)
    np.testing.assert_allclose(got.probabilities, expected.probabilities, atol=1e-4)
    np.testing.assert_allclose(got.uncertainty, expected.uncertainty, atol=1e-4)


def test_long_texts_are_cut_and_counted_or_read_in_windows_as_the_classifier_reads_them(
    model_of: ModelOf, folder: Path
) -> None:
    fitted = model_of("llama", "paper")
    texts = [*random_texts(12), " ".join(random_texts(5)), "good"]
    for reading, stride in ((Reading(), None), (Reading(long_texts="windows", stride=1), 1)):
        change(folder, max_length=4, stride=stride)
        model = AdueModel(
            fitted.classifier.model,
            fitted.classifier.tokenizer,
            max_length=4,
            reading=reading,
            fitted=fitted.fitted,
            origin=fitted.origin,
        )
        expected, got = model.predict(texts), OnnxAdueModel.from_pretrained(folder).predict(texts)
        assert got.truncated.tolist() == expected.truncated.tolist()
        assert got.truncated.any() == (stride is None)
        np.testing.assert_allclose(got.probabilities, expected.probabilities, atol=1e-4)
        np.testing.assert_allclose(got.uncertainty, expected.uncertainty, atol=1e-4)


def test_no_texts_are_no_answers(served: Path) -> None:
    got = OnnxAdueModel.from_pretrained(served).predict([])
    assert (got.labels.shape, got.label_names, got.probabilities.shape, got.uncertainty.shape) == (
        (0,),
        [],
        (0, 3),
        (0,),
    )


def test_a_folder_without_an_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"cannot read .*adue_onnx\.json: .*export the adapter again"):
        OnnxAdueModel.from_pretrained(tmp_path)


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"x" * 9)])
def test_a_graph_that_is_gone_or_damaged_is_refused(folder: Path, damage: object) -> None:
    damage(folder / "model.onnx")  # type: ignore[operator]
    with pytest.raises(ArtifactError, match=r"model\.onnx is missing or damaged .*export the adapter again"):
        OnnxAdueModel.from_pretrained(folder)


def change(folder: Path, **values: object) -> None:
    path = folder / "adue_onnx.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_newer_format_is_refused_and_an_unknown_key_warned_of(folder: Path) -> None:
    change(folder, colour="red")
    with pytest.warns(DataWarning, match="ignoring unknown keys colour"):
        OnnxAdueModel.from_pretrained(folder)
    change(folder, format_version=99)
    with pytest.raises(ArtifactError, match=r"format version 99, this adue reads up to 2; upgrade"):
        OnnxAdueModel.from_pretrained(folder)


def test_a_value_out_of_range_is_named(folder: Path) -> None:
    change(folder, max_length=0)
    with pytest.raises(ArtifactError, match=r"max_length.*export the adapter again"):
        OnnxAdueModel.from_pretrained(folder)
