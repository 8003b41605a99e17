import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from safetensors.torch import load_file, save_file

import adue.models.base
from adue import AdueModel, ArtifactError, DataError, DataWarning, FitSettings, Grid
from adue.foundation.digests import tensors_sha256
from adue.models.folder.read import read_folder
from adue.models.trained.build import build_model
from tests.support.adapters import (
    QUICK,
    fit_quickly,
    labelled_texts,
    padded,
    random_texts,
    save_tiny_adapter,
    save_tiny_whole,
)
from tests.support.cache import COMMIT, put_into_cache

TEXTS = random_texts(30, seed=7)
FILES = {"adue_answers.json", "adue_config.json", "adue_head.safetensors"}


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter without an uncertainty head; nobody may write into it."""
    return save_tiny_adapter(tmp_path_factory.mktemp("bert"), "bert")


@pytest.fixture(scope="module")
def fitted(adapter: Path) -> AdueModel:
    return fit_quickly(AdueModel.from_pretrained(adapter))


class TestPredict:
    def test_labels_and_probabilities_are_the_classifiers_own(self, fitted: AdueModel) -> None:
        answers = fitted.predict(TEXTS)
        with torch.no_grad():
            logits = fitted.classifier.model(**padded(fitted, TEXTS)).logits
        np.testing.assert_array_equal(answers.labels, logits.argmax(dim=-1))
        np.testing.assert_allclose(answers.probabilities, logits.softmax(dim=-1), atol=1e-5)
        np.testing.assert_array_equal(answers.probabilities, fitted.predict_proba(TEXTS))
        assert answers.label_names == [fitted.id2label[label] for label in answers.labels]

    def test_uncertainty_lies_between_zero_and_one_and_differs(self, fitted: AdueModel) -> None:
        u = fitted.predict_uncertainty(TEXTS)
        assert u.shape == (len(TEXTS),)
        assert ((u >= 0) & (u <= 1)).all()
        assert u.std() > 0.01
        np.testing.assert_array_equal(u, fitted.predict(TEXTS).uncertainty)

    def test_one_text_is_not_taken_for_a_list_of_characters(self, fitted: AdueModel) -> None:
        with pytest.raises(DataError, match=r"got one text; give a list of it$"):
            fitted.predict("a film to remember")

    def test_no_texts_give_no_rows(self, fitted: AdueModel) -> None:
        answers = fitted.predict([])
        assert answers.label_names == []
        assert (answers.labels.shape, answers.probabilities.shape, answers.uncertainty.shape) == ((0,), (0, 3), (0,))

    def test_calling_the_model_gives_logits_and_uncertainty_of_a_batch(self, fitted: AdueModel) -> None:
        output = fitted(**padded(fitted, TEXTS))
        torch.testing.assert_close(output.uncertainty, torch.from_numpy(fitted.predict_uncertainty(TEXTS)))
        assert not output.logits.requires_grad
        assert not output.uncertainty.requires_grad

    def test_without_a_head_the_cure_is_named(self, adapter: Path, tmp_path: Path) -> None:
        model = AdueModel.from_pretrained(adapter)
        for call in (lambda: model.predict(TEXTS), lambda: model.save_pretrained(tmp_path)):
            with pytest.raises(
                ArtifactError, match=r"no uncertainty head yet; fit one with model\.fit\(\.\.\.\) or adue"
            ):
                call()


class TestFit:
    def test_the_same_seed_gives_the_same_head_and_another_seed_another(self, adapter: Path) -> None:
        model = AdueModel.from_pretrained(adapter)
        rows = labelled_texts(model)
        train, validation = rows.select(range(100)), rows.select(range(100, 160))
        digests = []
        for seed in (1, 1, 2):
            settings = FitSettings(max_epochs=3, seed=seed)
            model = AdueModel.from_pretrained(adapter).fit(train, validation, grid="fast", settings=settings)
            assert model.fitted is not None
            digests.append(model.fitted.config.head_sha256)
        assert digests[0] == digests[1] != digests[2]

    def test_nothing_of_the_classifier_changes(self, adapter: Path) -> None:
        model = AdueModel.from_pretrained(adapter)
        module = model.classifier.model
        before = tensors_sha256(module.state_dict()), tensors_sha256(model.classifier.head.state_dict())
        frozen = [parameter.requires_grad for parameter in module.parameters()]
        fit_quickly(model).predict(TEXTS)
        assert (tensors_sha256(module.state_dict()), tensors_sha256(model.classifier.head.state_dict())) == before
        assert [parameter.requires_grad for parameter in module.parameters()] == frozen
        assert not any(part.training for part in module.modules())

    def test_what_is_known_of_the_head_is_recorded(self, fitted: AdueModel, adapter: Path) -> None:
        assert fitted.fitted is not None
        config = fitted.fitted.config
        assert config.settings == QUICK
        assert config.id2label == fitted.id2label
        assert (config.metrics.train_rows, config.metrics.validation_rows) == (100, 60)
        assert config.provenance is not None
        assert config.provenance.adapter_sha256 == tensors_sha256(load_file(adapter / "adapter_model.safetensors"))
        assert config.provenance.base_model == str(adapter.parent / "base")
        assert config.provenance.model_type == "bert"
        assert config.provenance.head_source == "adapter"
        assert config.provenance.max_length == 64
        assert config.provenance.training_data_sha256 is not None

    def test_a_grid_may_be_given_as_itself(self, adapter: Path) -> None:
        model = AdueModel.from_pretrained(adapter)
        rows = labelled_texts(model)
        grid = Grid(learning_rate=(1e-3,), alpha=(0.5,), beta=(0.5,))
        model.fit(rows, rows, grid=grid, settings=QUICK)
        assert model.fitted is not None
        assert model.fitted.config.hyperparameters == grid.points[0]

    def test_features_that_are_there_are_used_again(self, adapter: Path, tmp_path: Path) -> None:
        model = AdueModel.from_pretrained(adapter)
        rows = labelled_texts(model)
        for _ in range(2):
            model.fit(rows, rows, grid="fast", settings=QUICK, cache=tmp_path)
        assert len(list(tmp_path.rglob("*.safetensors"))) == 1

    def test_a_classifier_no_better_than_the_commonest_class_is_warned_about(self, adapter: Path) -> None:
        model = AdueModel.from_pretrained(adapter)
        answers = model.predict_proba(TEXTS).argmax(axis=-1)
        shifted = Dataset.from_dict({"text": TEXTS, "label": [*((answers[:-2] + 1) % 3), *answers[-2:]]})
        with pytest.warns(DataWarning, match="always answering the commonest class on .*check labels and base model"):
            model.fit(shifted, shifted, grid="fast", settings=QUICK)

    def test_without_errors_there_is_nothing_to_learn(self, adapter: Path) -> None:
        model = AdueModel.from_pretrained(adapter)
        rows = labelled_texts(model, agreement=1.0)
        with pytest.raises(DataError, match="AUROC is undefined on the training data"):
            model.fit(rows, rows, grid="fast", settings=QUICK)


class TestSaveAndLoad:
    def test_a_new_folder_can_be_loaded_by_itself(self, fitted: AdueModel, tmp_path: Path) -> None:
        fitted.save_pretrained(tmp_path)
        again = AdueModel.from_pretrained(tmp_path)
        np.testing.assert_array_equal(again.predict_uncertainty(TEXTS), fitted.predict_uncertainty(TEXTS))
        assert again.id2label == fitted.id2label
        assert again.classifier.max_length == fitted.classifier.max_length

    def test_the_adapters_folder_gains_three_files(self, fitted: AdueModel, tmp_path: Path) -> None:
        folder = save_tiny_adapter(tmp_path, "bert")
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        fit_quickly(AdueModel.from_pretrained(folder)).save_pretrained(folder)
        after = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert after.keys() - before.keys() == FILES
        assert {name: after[name] for name in before} == before

    def test_a_folder_with_another_adapter_is_refused_with_both_digests(
        self, fitted: AdueModel, tmp_path: Path
    ) -> None:
        folder = save_tiny_adapter(tmp_path, "bert", seed=2)
        other = read_folder(folder).sha256
        words = f"{folder} holds weights with SHA-256 {other}, this head was fitted on {fitted.origin.sha256}"
        with pytest.raises(ArtifactError, match=re.escape(words)):
            fitted.save_pretrained(folder)
        assert not FILES & {path.name for path in folder.iterdir()}

    def test_a_head_beside_another_adapter_is_refused_with_both_digests(
        self, fitted: AdueModel, tmp_path: Path
    ) -> None:
        fitted.save_pretrained(tmp_path)
        weights = load_file(tmp_path / "adapter_model.safetensors")
        changed = {name: tensor + (1e-3 if "lora_B" in name else 0) for name, tensor in weights.items()}
        save_file(changed, tmp_path / "adapter_model.safetensors")
        words = f"{fitted.origin.sha256}, this adapter has {tensors_sha256(changed)}; fit a head on this adapter"
        with pytest.raises(ArtifactError, match=re.escape(words)):
            AdueModel.from_pretrained(tmp_path)

    def test_the_length_that_the_head_was_fitted_with_is_kept(self, adapter: Path, tmp_path: Path) -> None:
        fit_quickly(AdueModel.from_pretrained(adapter, max_length=7)).save_pretrained(tmp_path)
        assert AdueModel.from_pretrained(tmp_path).classifier.max_length == 7
        assert AdueModel.from_pretrained(tmp_path, max_length=9).classifier.max_length == 9

    def test_the_length_of_the_training_is_used_where_it_is_known(self, tmp_path: Path) -> None:
        folder = save_tiny_adapter(tmp_path, "bert")
        (folder / "adue_training.json").write_text('{"max_length": 11}')
        assert AdueModel.from_pretrained(folder).classifier.max_length == 11

    def test_a_model_in_memory_is_saved_whole(self, adapter: Path, tmp_path: Path) -> None:
        loaded = build_model(read_folder(adapter))
        model = fit_quickly(AdueModel(loaded.model, loaded.tokenizer))
        model.save_pretrained(tmp_path)
        again = AdueModel.from_pretrained(tmp_path)
        np.testing.assert_array_equal(again.predict_uncertainty(TEXTS), model.predict_uncertainty(TEXTS))

    def test_a_named_head_is_remembered(self, adapter: Path, tmp_path: Path) -> None:
        model = fit_quickly(AdueModel.from_pretrained(adapter, head="classifier"))
        model.save_pretrained(tmp_path)
        again = AdueModel.from_pretrained(tmp_path)
        assert again.head_path == "classifier"
        np.testing.assert_array_equal(again.predict_uncertainty(TEXTS), model.predict_uncertainty(TEXTS))


class Recorder:
    """Stands for the hub's client and takes note of what reaches it."""

    calls: list[tuple[str, Any]]

    def __init__(self, token: str | None = None) -> None:
        self.calls.append(("token", token))

    def create_repo(self, repo_id: str, **options: Any) -> None:
        self.calls.append(("create", (repo_id, options)))

    def upload_folder(self, *, repo_id: str, folder_path: str, commit_message: str) -> SimpleNamespace:
        self.calls.append(("upload", (repo_id, sorted(path.name for path in Path(folder_path).iterdir()))))
        return SimpleNamespace(commit_url="the commit's address")


@pytest.mark.parametrize("kind", ["adapter", "whole model"])
def test_a_push_uploads_what_is_needed_to_load_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    make = save_tiny_adapter if kind == "adapter" else save_tiny_whole
    model = fit_quickly(AdueModel.from_pretrained(make(tmp_path, "bert")))
    monkeypatch.setattr(Recorder, "calls", [], raising=False)
    monkeypatch.setattr(adue.models.base, "HfApi", Recorder)
    assert model.push_to_hub("me/mine", private=True, token="secret") == "the commit's address"
    weights = (
        ["adapter_config.json", "adapter_model.safetensors"]
        if kind == "adapter"
        else ["config.json", "model.safetensors"]
    )
    files = sorted([*FILES, *weights, "tokenizer.json", "tokenizer_config.json"])
    assert Recorder.calls == [
        ("token", "secret"),
        ("create", ("me/mine", {"private": True, "exist_ok": True})),
        ("upload", ("me/mine", files)),
    ]


def test_nothing_is_pushed_without_a_head(adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recorder, "calls", [], raising=False)
    monkeypatch.setattr(adue.models.base, "HfApi", Recorder)
    with pytest.raises(ArtifactError, match="no uncertainty head yet"):
        AdueModel.from_pretrained(adapter).push_to_hub("me/mine")
    assert Recorder.calls == [("token", None)]


OFFLINE = """
import json, socket, sys

def refuse(*arguments):
    raise AssertionError("the network was asked for something")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
from adue import AdueModel

model = AdueModel.from_pretrained(sys.argv[1])
answers = model.predict(json.loads(sys.argv[2]))
print(json.dumps([answers.uncertainty.tolist(), model.origin.base_model_revision]))
"""


def in_another_process(name: str, texts: Sequence[str], hub: Path) -> tuple[list[float], str | None]:
    """Return U, and the base model's revision, from a process that must not use the network and says nothing."""
    environment = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(hub), "PATH": "", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "default::FutureWarning", "-c", OFFLINE, name, json.dumps(texts)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    uncertainty, revision = json.loads(done.stdout)
    return uncertainty, revision


def test_local_folders_need_no_network(fitted: AdueModel, tmp_path: Path) -> None:
    fitted.save_pretrained(tmp_path)
    uncertainty, revision = in_another_process(str(tmp_path), TEXTS, tmp_path / "hub")
    np.testing.assert_allclose(uncertainty, fitted.predict_uncertainty(TEXTS), atol=1e-6)
    assert revision is None


def test_repositories_in_the_local_cache_need_no_network(tmp_path: Path) -> None:
    folder = save_tiny_adapter(tmp_path, "bert")
    model = fit_quickly(AdueModel.from_pretrained(folder))
    model.save_pretrained(folder)
    config = folder / "adapter_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"base_model_name_or_path": "someone/base"}))
    put_into_cache(tmp_path / "hub", "someone/base", tmp_path / "base")
    put_into_cache(tmp_path / "hub", "someone/adapter", folder)
    uncertainty, revision = in_another_process("someone/adapter", TEXTS, tmp_path / "hub")
    np.testing.assert_allclose(uncertainty, model.predict_uncertainty(TEXTS), atol=1e-6)
    assert revision == COMMIT
