import json
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from adue import ArtifactError
from adue.foundation.digests import tensors_sha256
from adue.models.folder.read import SavedFolder, read_folder
from tests.support.adapters import save_tiny_adapter, save_tiny_whole

WEIGHTS = "adapter_model.safetensors"


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    return save_tiny_adapter(tmp_path, "bert")


def test_an_adapter_says_what_it_is_and_what_it_was_trained_on(bert: Path) -> None:
    saved, tensors = read_folder(bert), load_file(bert / WEIGHTS)
    assert (saved.path, saved.kind, saved.base_model) == (bert, "adapter", str(bert.parent / "base"))
    assert saved.config["peft_type"] == "LORA"
    assert {name: tensor.shape for name, tensor in saved.tensors.items()} == {
        name: tuple(tensor.shape) for name, tensor in tensors.items()
    }
    assert saved.sha256 == tensors_sha256(tensors)
    assert (saved.training, saved.head, saved.has_head) == ({}, {}, False)
    assert (saved.id2label, saved.max_length) == (None, None)


def test_a_whole_model_has_the_digest_of_all_of_its_files(tmp_path: Path) -> None:
    folder = save_tiny_whole(tmp_path, "bert")
    whole = load_file(folder / "model.safetensors")
    assert read_folder(folder).sha256 == tensors_sha256(whole)
    saved = read_folder(folder)
    assert (saved.kind, saved.base_model, saved.config["model_type"]) == ("whole model", None, "bert")


def with_records(folder: Path, training: str | None, head: str | None) -> SavedFolder:
    for name, text in (("adue_training.json", training), ("adue_config.json", head)):
        if text is not None:
            (folder / name).write_text(text)
    return read_folder(folder)


def test_what_adue_wrote_in_training_is_read(bert: Path) -> None:
    saved = with_records(bert, '{"id2label": {"0": "a", "1": "b", "2": "c"}, "max_length": 32}', None)
    assert (saved.id2label, saved.max_length) == ({0: "a", 1: "b", 2: "c"}, 32)


def test_the_names_that_a_head_was_fitted_with_go_first(bert: Path) -> None:
    saved = with_records(bert, '{"id2label": {"0": "0"}}', '{"id2label": {"0": "a"}}')
    assert (saved.id2label, saved.has_head) == ({0: "a"}, True)


@pytest.mark.parametrize("broken", ["[", "[]", '{"id2label": 3}', ""])
def test_records_of_adue_that_are_broken_are_passed_over(bert: Path, broken: str) -> None:
    saved = with_records(bert, broken, broken)
    assert (saved.id2label, saved.max_length, saved.has_head) == (None, None, True)


@pytest.mark.parametrize("text", ["{", "[]", "3", ""])
@pytest.mark.parametrize("kind", ["adapter", "whole model"])
def test_a_broken_configuration_is_one_line(tmp_path: Path, kind: str, text: str) -> None:
    make, name = (save_tiny_adapter, "adapter_config.json") if kind == "adapter" else (save_tiny_whole, "config.json")
    folder = make(tmp_path, "bert")
    (folder / name).write_text(text)
    words = rf"{name} cannot be read \(.*\); copy it again, or save the adapter again$"
    with pytest.raises(ArtifactError, match=words) as caught:
        read_folder(folder)
    assert "\n" not in str(caught.value)


TORCH_FREE = """
import json, sys

before = set(sys.modules)
from adue.models.folder.find import find_folder
from adue.models.folder.read import read_folder

saved = read_folder(find_folder(sys.argv[1]))
print(json.dumps([saved.sha256, sorted({name.split(".")[0] for name in sys.modules} - before)]))
"""


def test_finding_and_reading_a_folder_imports_no_heavy_library(bert: Path) -> None:
    command = [sys.executable, "-c", TORCH_FREE, str(bert)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    sha256, modules = json.loads(done.stdout)
    assert sha256 == tensors_sha256(load_file(bert / WEIGHTS))
    assert "adue" in modules
    assert not {"torch", "transformers", "peft", "datasets", "sklearn", "scipy", "numpy", "safetensors"} & set(modules)
