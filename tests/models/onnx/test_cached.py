"""The graph is written once, and again where it is damaged."""

from pathlib import Path

import pytest
import torch

from adue import AdueModel, ArtifactError, MissingExtraError, ModelError
from adue.models.onnx.cached import graph_path
from tests.models.onnx.conftest import AdapterOf
from tests.support.adapters import random_texts

TEXTS = random_texts(9)


@pytest.fixture
def without_tracing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adue.models.onnx.cached.write_graph", None)


def graph_in(cache: Path) -> Path:
    (path,) = (cache / "graphs").rglob("model.onnx")
    return path


@pytest.mark.usefixtures("without_tracing")
def test_the_second_opening_traces_nothing(adapter_of: AdapterOf) -> None:
    model = AdueModel.from_pretrained(adapter_of("bert"), backend="onnx")
    assert model.extract(TEXTS).logits.shape == (9, 3)


@pytest.mark.usefixtures("without_tracing")
def test_a_graph_is_opened_where_nothing_can_be_written(adapter_of: AdapterOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxscript", None)
    monkeypatch.setattr("adue.models.onnx.cached.FileLock", None)
    AdueModel.from_pretrained(adapter_of("bert"), backend="onnx")


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def change_weights(path: Path) -> None:
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(content[:middle] + bytes(400) + content[middle + 400 :])


@pytest.mark.usefixtures("traced_once")
@pytest.mark.parametrize("damage", [truncate, change_weights, Path.unlink])
def test_a_damaged_graph_is_written_again(
    cache: Path, adapter_of: AdapterOf, damage: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = graph_in(cache)
    damage(path)  # type: ignore[operator]
    expected = AdueModel.from_pretrained(adapter_of("bert")).extract(TEXTS).logits
    model = AdueModel.from_pretrained(adapter_of("bert"), backend="onnx")
    torch.testing.assert_close(model.extract(TEXTS).logits, expected, atol=1e-4, rtol=1e-4)
    monkeypatch.setattr("adue.models.onnx.cached.write_graph", None)
    AdueModel.from_pretrained(adapter_of("bert"), backend="onnx")
    assert {one.name for one in path.parent.parent.iterdir()} == {path.parent.name, f"{path.parent.name}.lock"}


def test_other_weights_have_a_graph_of_their_own(adapter_of: AdapterOf) -> None:
    unmerged, merged = (AdueModel.from_pretrained(adapter_of("bert"), merge=merge) for merge in (False, True))
    assert graph_path(unmerged.classifier) != graph_path(merged.classifier)


def test_a_missing_extra_is_named(cache: Path, adapter_of: AdapterOf, monkeypatch: pytest.MonkeyPatch) -> None:
    graph_in(cache).unlink()
    monkeypatch.setitem(__import__("sys").modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match=r'needs the package onnxscript .*pip install "adue\[onnx\]"'):
        AdueModel.from_pretrained(adapter_of("bert"), backend="onnx")
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match="needs the package onnxruntime "):
        AdueModel.from_pretrained(adapter_of("bert"), backend="onnx")


def test_what_cannot_be_traced_is_refused_in_one_line_and_leaves_no_graph(
    cache: Path, adapter_of: AdapterOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph_in(cache).unlink()

    def refuse(*_: object, **__: object) -> None:
        raise torch.onnx.OnnxExporterError("no")

    monkeypatch.setattr("torch.onnx.export", refuse)
    with pytest.raises(
        ModelError, match=r"cannot export a BertForSequenceClassification \(no\); let PyTorch run it: --b"
    ):
        AdueModel.from_pretrained(adapter_of("bert"), backend="onnx")
    assert list((cache / "graphs").rglob("model.onnx")) == []


def test_a_graph_that_answers_otherwise_is_refused(
    cache: Path, adapter_of: AdapterOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adue.models.onnx.trace.LOGIT_TOLERANCE", -1.0)
    with pytest.raises(ModelError, match=r"the graph of BertForSequenceClassification gives other logits than PyTorch"):
        AdueModel.from_pretrained(adapter_of("bert"), backend="onnx")


def test_a_cache_that_cannot_be_written_is_named(
    tmp_path: Path, adapter_of: AdapterOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ADUE_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(ArtifactError, match=r"cannot write .*; name another folder in ADUE_CACHE_DIR"):
        AdueModel.from_pretrained(adapter_of("bert"), backend="onnx")
