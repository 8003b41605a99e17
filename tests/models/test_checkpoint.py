import re
from pathlib import Path

import pytest

from adue import AdueModel, ArtifactError, ModelError
from adue.models.checkpoint import save_classifier
from adue.models.folders import find_folder
from tests.support.adapters import random_texts, save_tiny_adapter, save_tiny_whole
from tests.support.cache import COMMIT, put_into_cache
from tests.support.disk import files_up_to

TEXTS = random_texts(8)


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_adapter(tmp_path_factory.mktemp("bert"), "bert")


class TestFindFolder:
    def test_a_folder_is_itself(self, tmp_path: Path) -> None:
        assert find_folder(tmp_path) == tmp_path
        assert find_folder(str(tmp_path)) == tmp_path

    def test_a_folder_of_the_users_home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        (tmp_path / "adapter").mkdir()
        assert find_folder("~/adapter") == tmp_path / "adapter"

    @pytest.mark.parametrize("name", ["nowhere", "./some/where", "/some/where", "a/b/c", "~/some where"])
    def test_a_folder_that_is_not_there(self, name: str) -> None:
        words = f"there is no folder '{name}'; give the folder that holds adapter_config.json"
        with pytest.raises(ModelError, match=f"^{re.escape(words)}$"):
            find_folder(name)

    def test_a_file_is_no_folder(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(ModelError, match=r"there is no folder '.*file'"):
            find_folder(tmp_path / "file")

    @pytest.mark.parametrize("name", ["someone/something", "someone/some thing", "some--one/-x"])
    def test_a_repository_that_cannot_be_reached(self, name: str) -> None:
        words = f"'{name}' is neither a folder nor a repository that can be reached or lies in the local cache; give"
        with pytest.raises(ModelError, match=f"^{re.escape(words)}") as caught:
            find_folder(name)
        assert "\n" not in str(caught.value)

    def test_a_repository_in_the_local_cache(self, bert: Path, offline: Path) -> None:
        snapshot = put_into_cache(offline, "someone/adapter", bert)
        assert find_folder("someone/adapter") == snapshot
        assert find_folder("someone/adapter", revision=COMMIT) == snapshot
        with pytest.raises(ModelError, match="is neither a folder nor a repository"):
            find_folder("someone/adapter", revision="another-branch")

    def test_code_is_fetched_only_where_it_may_run(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        asked = []

        def fetch(_: str, *, revision: str | None, allow_patterns: list[str]) -> str:
            asked.append("*.py" in allow_patterns)
            return str(tmp_path)

        monkeypatch.setattr("huggingface_hub.snapshot_download", fetch)
        assert find_folder("someone/adapter") == find_folder("someone/adapter", with_code=True) == tmp_path
        assert asked == [False, True]


class TestSaveClassifier:
    def test_an_adapter_is_written_with_its_tokenizer_and_nothing_else(self, bert: Path, tmp_path: Path) -> None:
        model = AdueModel.from_pretrained(bert)
        digest = save_classifier(model.classifier, tmp_path / "new" / "folder", model.origin.sha256)
        assert digest == model.origin.sha256
        assert {path.name for path in (tmp_path / "new" / "folder").iterdir()} == {
            "adapter_config.json",
            "adapter_model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json",
        }

    def test_a_whole_model_is_written_with_its_tokenizer(self, tmp_path: Path) -> None:
        model = AdueModel.from_pretrained(save_tiny_whole(tmp_path / "whole", "bert"))
        save_classifier(model.classifier, tmp_path / "copy", model.origin.sha256)
        copy = AdueModel.from_pretrained(tmp_path / "copy")
        assert copy.origin.sha256 == model.origin.sha256
        assert (copy.predict_proba(TEXTS) == model.predict_proba(TEXTS)).all()

    def test_files_that_are_there_are_left_alone(self, bert: Path) -> None:
        model = AdueModel.from_pretrained(bert)
        before = {path: path.stat().st_mtime_ns for path in bert.iterdir()}
        assert save_classifier(model.classifier, bert, model.origin.sha256) == model.origin.sha256
        assert {path: path.stat().st_mtime_ns for path in bert.iterdir()} == before

    @pytest.mark.parametrize("other", ["adapter", "whole model"])
    def test_another_classifiers_folder_is_refused_with_both_digests(
        self, bert: Path, tmp_path: Path, other: str
    ) -> None:
        model = AdueModel.from_pretrained(bert)
        make = save_tiny_adapter if other == "adapter" else save_tiny_whole
        folder = make(tmp_path / "other", "bert", seed=2)
        found = AdueModel.from_pretrained(folder).origin.sha256
        words = f"{folder} holds weights with SHA-256 {found}, this head was fitted on {model.origin.sha256}; choose"
        with pytest.raises(ArtifactError, match=re.escape(words)):
            save_classifier(model.classifier, folder, model.origin.sha256)
        assert AdueModel.from_pretrained(folder).origin.sha256 == found

    def test_a_folder_that_cannot_be_written_is_one_line(self, bert: Path, tmp_path: Path) -> None:
        model = AdueModel.from_pretrained(bert)
        (tmp_path / "file").touch()
        with pytest.raises(ArtifactError, match=r"cannot write .*file/folder: Not a directory; choose another folder"):
            save_classifier(model.classifier, tmp_path / "file" / "folder", model.origin.sha256)

    @pytest.mark.parametrize("kind", ["adapter", "whole model"])
    def test_a_full_disk_leaves_an_empty_folder_and_one_line(self, tmp_path: Path, kind: str) -> None:
        make = save_tiny_adapter if kind == "adapter" else save_tiny_whole
        model = AdueModel.from_pretrained(make(tmp_path, "bert"))
        target = tmp_path / "target"
        with (
            files_up_to(2000),
            pytest.raises(ArtifactError, match=f"^cannot write {target}: .*; choose another folder$"),
        ):
            save_classifier(model.classifier, target, model.origin.sha256)
        assert list(target.iterdir()) == []
