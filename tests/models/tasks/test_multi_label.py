import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification

from adue import AdueModel, AdueModelForMultiLabelClassification, ArtifactError, DataError, ModelError
from adue.foundation.config import AdueConfig, Reading
from adue.foundation.digests import tensors_sha256
from adue.models.pretrained.quiet import quiet_peft, quiet_transformers
from tests.support.adapters import fit_quickly as fit_single
from tests.support.adapters import random_texts, save_tiny_adapter, save_tiny_whole
from tests.support.labels import LABELS, fit_quickly, labelled, load, save_labels_adapter
from tests.support.tiny import tiny_tokenizer

TEXTS = random_texts(12, seed=7)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter without heads; nobody may write into its folder."""
    return save_labels_adapter(tmp_path_factory.mktemp("labels"))


@pytest.fixture(scope="module")
def fitted(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in a folder of its own, with heads."""
    folder = tmp_path_factory.mktemp("fitted")
    fit_quickly(load(raw)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter with a head for one class per text."""
    folder = save_tiny_adapter(tmp_path_factory.mktemp("single"), "bert")
    fit_single(AdueModel.from_pretrained(folder)).save_pretrained(folder)
    return folder


def edit(file: Path, **values: Any) -> None:
    found = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(found | values))


@pytest.mark.parametrize("model_type", ["bert", "distilbert", "llama"])
def test_logits_are_those_of_the_plain_peft_model_bit_for_bit(model_type: str, tmp_path: Path) -> None:
    folder = save_labels_adapter(tmp_path, model_type)
    model = load(folder)
    before = tensors_sha256(model.classifier.model.state_dict())
    fit_quickly(model)
    batch = tiny_tokenizer(decoder=model_type == "llama")(
        TEXTS, padding=True, padding_side="right", return_tensors="pt"
    )
    with quiet_transformers(), quiet_peft(), torch.no_grad():
        base = AutoModelForSequenceClassification.from_pretrained(folder.parent / "base", num_labels=len(LABELS))
        expected = PeftModel.from_pretrained(base, str(folder)).eval()(**batch).logits
    found = model(**batch)
    assert torch.equal(found.logits, expected)
    assert found.uncertainty.shape == expected.shape
    assert tensors_sha256(model.classifier.model.state_dict()) == before


def test_answers_are_sigmoids_above_one_half_by_name(fitted: Path) -> None:
    model = AdueModelForMultiLabelClassification.from_pretrained(fitted)
    found = model.predict(TEXTS)
    logits = model.extract(TEXTS).rows.logits
    np.testing.assert_array_equal(found.probabilities, logits.sigmoid().numpy())
    np.testing.assert_array_equal(found.labels, found.probabilities > 0.5)
    assert found.label_names == [[n for n, yes in zip(LABELS, row, strict=True) if yes] for row in found.labels]
    assert ((found.uncertainty >= 0) & (found.uncertainty <= 1)).all()
    assert (found.uncertainty.std(axis=0) > 0).all()


def test_saved_heads_give_the_same_uncertainty_when_loaded(raw: Path, tmp_path: Path) -> None:
    model = fit_quickly(load(raw))
    model.save_pretrained(tmp_path)
    again = AdueModelForMultiLabelClassification.from_pretrained(tmp_path)
    assert again.names == list(LABELS)
    np.testing.assert_array_equal(again.predict(TEXTS).uncertainty, model.predict(TEXTS).uncertainty)
    assert again.fitted is not None
    assert again.fitted.config == model.require_fitted().config


def test_a_whole_model_is_read_too(tmp_path: Path) -> None:
    folder = save_tiny_whole(tmp_path / "whole", "bert")
    edit(folder / "config.json", problem_type="multi_label_classification")
    fit_quickly(load(folder)).save_pretrained(folder)
    assert AdueModelForMultiLabelClassification.from_pretrained(folder).predict(TEXTS).uncertainty.shape == (12, 3)


def test_answers_that_a_former_head_stored_go_away(tmp_path: Path) -> None:
    folder = save_labels_adapter(tmp_path)
    edit(folder / "adue_answers.json", of="another head")
    fit_quickly(load(folder)).save_pretrained(folder)
    assert not (folder / "adue_answers.json").exists()


def test_fields_of_reading_go_before_those_that_were_saved(raw: Path, tmp_path: Path) -> None:
    names = dict(enumerate(LABELS))
    given = Reading(prefix="the ", suffix=" end")
    model = AdueModelForMultiLabelClassification.from_pretrained(raw, id2label=names, reading=given, max_length=6)
    fit_quickly(model).save_pretrained(tmp_path)
    again = AdueModelForMultiLabelClassification.from_pretrained(tmp_path, reading=Reading(suffix=""))
    assert (again.classifier.reading.prefix, again.classifier.reading.suffix) == ("the ", "")
    assert str(again.classifier.limit) == "up to 6 tokens, from adue_config.json"


def test_texts_that_were_cut_are_marked(raw: Path, tmp_path: Path) -> None:
    names = dict(enumerate(LABELS))
    model = AdueModelForMultiLabelClassification.from_pretrained(raw, id2label=names, max_length=5)
    assert fit_quickly(model).predict(["good film", "good film the plot was sad"]).truncated.tolist() == [False, True]


class TestRefusals:
    @pytest.mark.parametrize(
        ("reading", "words"),
        [
            (Reading(long_texts="windows"), "leave --long-texts windows out"),
            (Reading(pairs=True), "reads single texts, not pairs"),
        ],
    )
    def test_windows_and_pairs(self, raw: Path, reading: Reading, words: str) -> None:
        with pytest.raises(ModelError, match=words):
            AdueModelForMultiLabelClassification.from_pretrained(raw, reading=reading)
        with pytest.raises(DataError, match="rows are single texts here, and one is a pair"):
            load(raw).extract([("a film", "a plot")])

    def test_one_class_per_text_is_not_read_from_heads_for_several_labels(self, fitted: Path) -> None:
        with pytest.raises(ArtifactError, match="several labels per text; open it with AdueModelForMultiLabelClassif"):
            AdueModel.from_pretrained(fitted)

    def test_an_adue_that_knows_one_head_only_refuses_the_file_by_its_version(self, fitted: Path) -> None:
        with pytest.raises(ArtifactError, match="has format version 4, this adue reads up to 3; upgrade"):
            AdueConfig.from_json(fitted / "adue_config.json")

    def test_several_labels_are_not_read_from_a_head_for_one_class(self, single: Path) -> None:
        with pytest.raises(ArtifactError, match="was fitted for one class per text; open it with AdueModel, or fit"):
            AdueModelForMultiLabelClassification.from_pretrained(single)

    def test_another_head_may_take_its_place(self, single: Path) -> None:
        model = AdueModelForMultiLabelClassification.from_pretrained(single, with_head=False)
        assert model.fitted is None

    @pytest.mark.parametrize("file", ["adue_training.json", "config.json"])
    def test_a_classifier_that_was_trained_for_one_class(self, file: str, tmp_path: Path) -> None:
        folder = save_labels_adapter(tmp_path)
        edit(folder / file, problem_type="single_label_classification")
        with pytest.raises(ModelError, match="was trained for one class per text; open it with AdueModel"):
            load(folder)

    def test_a_model_that_says_that_it_is_one_is_not_read_as_one_class_per_text(self, tmp_path: Path) -> None:
        folder = save_labels_adapter(tmp_path)
        edit(folder.parent / "base" / "config.json", problem_type="multi_label_classification")
        with pytest.raises(ModelError, match=r"multi-label classifier.*AdueModelForMultiLabelClassification .adue fit"):
            AdueModel.from_pretrained(folder)
        assert load(folder).fitted is None

    def test_a_regression(self, tmp_path: Path) -> None:
        folder = save_labels_adapter(tmp_path)
        edit(folder.parent / "base" / "config.json", problem_type="regression")
        with pytest.raises(ModelError, match="the model is a regression"):
            load(folder)

    def test_onnx(self, raw: Path) -> None:
        with pytest.raises(ModelError, match="the backend onnx gives one class per text, not several labels"):
            AdueModelForMultiLabelClassification.from_pretrained(raw, backend="onnx")

    def test_heads_that_were_changed_or_belong_to_another_adapter(self, fitted: Path, tmp_path: Path) -> None:
        other = save_labels_adapter(tmp_path, seed=2)
        for name in ("adue_config.json", "adue_head.safetensors"):
            (other / name).write_bytes((fitted / name).read_bytes())
        with pytest.raises(ArtifactError, match="was fitted on the adapter with SHA-256"):
            load(other)
        edit(other / "adue_config.json", head_sha256="0" * 64, provenance=None)
        with pytest.raises(ArtifactError, match="was changed after it was saved"):
            load(other)

    def test_predicting_without_heads(self, raw: Path) -> None:
        with pytest.raises(ArtifactError, match="no uncertainty heads yet"):
            load(raw).predict(TEXTS)

    @pytest.mark.parametrize("labels", [[[1, 0]] * 12, [[2, 0, 0]] * 12, [0] * 12, [["a", "b", "c"]] * 12])
    def test_labels_that_are_no_yes_or_no_each(self, raw: Path, labels: Any) -> None:
        with pytest.raises(DataError, match="labels must be a list of 3 values for each text, each 0 or 1"):
            load(raw).extract(TEXTS, labels)

    def test_rows_are_labelled_one_by_one(self, raw: Path) -> None:
        model = load(raw)
        rows = labelled(model, rows=20)
        found = model.extract(rows["text"], rows["labels"][:])
        assert 0 < int(found.errors.sum()) < 30
