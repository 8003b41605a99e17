"""The exported graph and ONNX Runtime read rows as the classifier does."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from adue import AdueModel, DataError
from adue.foundation.config import Reading
from adue.models.export import OnnxAdueModel, export_onnx
from tests.support.adapters import QUICK, labelled_texts
from tests.support.graphs import traced_once
from tests.support.pairs import TEMPLATE, labelled_pairs, pair_tokenizer, random_pairs, save_pair_adapter

__all__ = ["traced_once"]

PAIRS = random_pairs(30)
TEXTS = [first for first, _ in PAIRS]
READINGS: dict[str, tuple[Reading, list[Any]]] = {
    "pairs": (Reading(prefix="the ", pairs=True), PAIRS),
    "around": (Reading(prefix="this film is ", suffix=" [SEP]", pairs=False), TEXTS),
    "chat": (Reading(chat_template="generation", pairs=False), TEXTS),
}


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_pair_adapter(tmp_path_factory.mktemp("bert"), "bert", TEMPLATE)


@pytest.fixture(autouse=True)
def _cache(made_once: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADUE_CACHE_DIR", str(made_once / "reading"))


def fitted(adapter: Path, reading: Reading) -> AdueModel:
    model = AdueModel.from_pretrained(adapter, reading=reading.model_copy(update={"pairs": None}))
    rows = labelled_pairs(model) if reading.pairs else labelled_texts(model)
    return model.fit(rows.select(range(100)), rows.select(range(100, 160)), grid="fast", settings=QUICK)


@pytest.mark.usefixtures("traced_once")
@pytest.mark.parametrize("kind", READINGS)
def test_an_export_answers_as_the_model_does(adapter: Path, tmp_path: Path, kind: str) -> None:
    reading, rows = READINGS[kind]
    model = fitted(adapter, reading)
    export_onnx(model, tmp_path)
    served = OnnxAdueModel.from_pretrained(tmp_path)
    assert served.manifest.reading == reading
    expected, got = model.predict(rows), served.predict(rows)
    np.testing.assert_array_equal(got.labels, expected.labels)
    np.testing.assert_allclose(got.probabilities, expected.probabilities, atol=1e-4)
    np.testing.assert_allclose(got.uncertainty, expected.uncertainty, atol=1e-4)


@pytest.mark.usefixtures("traced_once")
def test_an_export_of_pairs_refuses_single_texts_and_one_of_the_first_format_reads_them(
    adapter: Path, tmp_path: Path
) -> None:
    export_onnx(fitted(adapter, READINGS["pairs"][0]), tmp_path)
    with pytest.raises(DataError, match="rows are pairs of texts here, and one is a single text"):
        OnnxAdueModel.from_pretrained(tmp_path).predict(TEXTS)
    path = tmp_path / "adue_onnx.json"
    values: dict[str, Any] = json.loads(path.read_text())
    del values["reading"]
    path.write_text(json.dumps(values | {"format_version": 1}))
    assert OnnxAdueModel.from_pretrained(tmp_path).predict(TEXTS).labels.shape == (len(TEXTS),)


@pytest.mark.parametrize("kind", READINGS)
def test_onnx_runtime_reads_as_pytorch_does(adapter: Path, kind: str) -> None:
    reading, rows = READINGS[kind]
    expected = AdueModel.from_pretrained(adapter, reading=reading).extract(rows).logits
    found = AdueModel.from_pretrained(adapter, reading=reading, backend="onnx").extract(rows).logits
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_a_graph_of_a_tokenizer_without_token_types_is_written_again_for_one_with_them(
    adapter: Path, tmp_path: Path
) -> None:
    own = shutil.copytree(adapter, tmp_path / "adapter")
    pair_tokenizer("roberta").save_pretrained(own)
    AdueModel.from_pretrained(own, backend="onnx")
    pair_tokenizer("bert").save_pretrained(own)
    expected = AdueModel.from_pretrained(own).extract(PAIRS).logits
    found = AdueModel.from_pretrained(own, backend="onnx").extract(PAIRS).logits
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
