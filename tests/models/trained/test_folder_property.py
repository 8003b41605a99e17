"""Whatever happens to an adapter's folder: it gives the logits of transformers and PEFT, or one line."""

import json
import shutil
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peft import PeftModel
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoTokenizer

from adue import AdueError, AdueModel
from adue.models.features.classifier import FrozenClassifier
from tests.support.adapters import random_texts, save_tiny_adapter, tiny_classifier
from tests.support.tiny import VOCABULARY, tiny_tokenizer

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
TEXTS = ["good film [USER]", *random_texts(4, seed=3)]

Change = Callable[[Path, Any], None]
"""Spoils a folder, with values from hypothesis."""

JUNK = st.sampled_from([None, True, False, -1, 0, 3, 2.5, "x", "", [], ["query"], {}, {"query": 3}])


def _weights(make: Callable[[dict[str, Tensor], str], object]) -> Change:
    """Return a change of one tensor of the file, which is drawn."""

    def change(folder: Path, draw: Any) -> None:
        tensors = load_file(folder / WEIGHTS)
        make(tensors, draw(st.sampled_from(sorted(tensors))))
        save_file(tensors, folder / WEIGHTS)

    return change


def _edit(folder: Path, **values: object) -> None:
    path = folder / CONFIG
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def _edit_any_key(folder: Path, draw: Any) -> None:
    key = draw(st.sampled_from(sorted(json.loads((folder / CONFIG).read_text()))))
    _edit(folder, **{key: draw(JUNK)})


def _lose_any_key(folder: Path, draw: Any) -> None:
    config = json.loads((folder / CONFIG).read_text())
    del config[draw(st.sampled_from(sorted(config)))]
    (folder / CONFIG).write_text(json.dumps(config))


def _cut(folder: Path, draw: Any) -> None:
    file = folder / draw(st.sampled_from([WEIGHTS, CONFIG, "tokenizer.json", "tokenizer_config.json"]))
    content = file.read_bytes()
    file.write_bytes(content[: draw(st.integers(0, len(content) - 1))])


def _lose(folder: Path, draw: Any) -> None:
    (folder / draw(st.sampled_from([WEIGHTS, CONFIG, "tokenizer.json", "tokenizer_config.json"]))).unlink()


def _add_tokens(folder: Path, _: Any) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["[USER]"])
    tokenizer.save_pretrained(folder)


def _pad_otherwise(folder: Path, draw: Any) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = draw(st.sampled_from(["[SEP]", "[UNK]", "[MASK]", "<beyond>"]))
    tokenizer.save_pretrained(folder)


def _use_other_words(folder: Path, draw: Any) -> None:
    file = folder / "tokenizer.json"
    whole = json.loads(file.read_text())
    words = draw(st.permutations(list(whole["model"]["vocab"])[5:]))
    whole["model"]["vocab"] |= {word: index for index, word in enumerate(words, 5)}
    file.write_text(json.dumps(whole))


def _describe_beside(folder: Path, draw: Any) -> None:
    names = draw(st.lists(st.sampled_from("abc"), min_size=2, max_size=3))
    kind = draw(st.sampled_from([None, "single_label_classification", "regression"]))
    beside = {"id2label": dict(enumerate(names)), "problem_type": kind}
    (folder / "config.json").write_text(json.dumps(beside))


CHANGES: dict[str, Change] = {
    "nothing": lambda _folder, _draw: None,
    "surplus": _weights(lambda tensors, key: tensors.update({f"{key}.more": torch.ones(2)})),
    "missing": _weights(lambda tensors, key: tensors.pop(key)),
    "renamed": _weights(lambda tensors, key: tensors.update({key.replace("layer", "lair"): tensors.pop(key)})),
    "NaN": _weights(lambda tensors, key: tensors[key].view(-1)[:1].fill_(torch.nan)),
    "infinite": _weights(lambda tensors, key: tensors[key].view(-1)[:1].fill_(torch.inf)),
    "other shape": _weights(lambda tensors, key: tensors.update({key: torch.cat([tensors[key]] * 2)})),
    "other type": _weights(lambda tensors, key: tensors.update({key: tensors[key].to(torch.bfloat16)})),
    "changed key": _edit_any_key,
    "lost key": _lose_any_key,
    "new key": lambda folder, draw: _edit(folder, newer=draw(JUNK)),
    "other rank": lambda folder, draw: _edit(folder, r=draw(st.integers(1, 4))),
    "other scale": lambda folder, draw: _edit(
        folder, lora_alpha=draw(st.integers(1, 9)), use_rslora=draw(st.booleans())
    ),
    "other modules": lambda folder, draw: _edit(
        folder,
        target_modules=draw(st.lists(st.sampled_from(["query", "value", "q_proj", "v_proj", "dense"]), max_size=3)),
    ),
    "other task": lambda folder, draw: _edit(
        folder, task_type=draw(st.sampled_from([None, "CAUSAL_LM", "FEATURE_EXTRACTION", "TOKEN_CLS", "?"]))
    ),
    "head not named": lambda folder, _draw: _edit(folder, modules_to_save=None),
    "cut file": _cut,
    "lost file": _lose,
    "added tokens": _add_tokens,
    "other padding": _pad_otherwise,
    "other words": _use_other_words,
    "described beside": _describe_beside,
}


@pytest.fixture(scope="module", params=["bert", "llama"])
def good(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = save_tiny_adapter(tmp_path_factory.mktemp("good"), request.param)
    tiny_tokenizer(decoder=request.param == "llama").save_pretrained(folder)
    return folder


def _logits(model: Any, tokenizer: Any) -> Tensor:
    with torch.no_grad():
        rows = [model(**tokenizer([text], return_tensors="pt", return_token_type_ids=False)).logits for text in TEXTS]
    return torch.cat(rows)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(data=st.data())
def test_a_spoilt_folder_gives_the_logits_of_peft_or_one_line(good: Path, data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=2, unique=True))
    with tempfile.TemporaryDirectory() as temporary, warnings.catch_warnings(action="ignore"):
        folder = Path(temporary) / "adapter"
        shutil.copytree(good, folder)
        # A file that is cut or gone leaves nothing to change in it.
        for name in sorted(names, key=lambda name: name in {"cut file", "lost file"}):
            with suppress(FileNotFoundError):
                CHANGES[name](folder, data.draw)
        found = _load_or_line(folder)
        if isinstance(found, str):
            assert "\n" not in found
            assert len(found) < 1000
            return
        _edit(folder, task_type="SEQ_CLS")  # a head in the file says more than the task that it was saved with
        base = tiny_classifier(good.parent / "base", found.head.shape.num_labels)
        plain = PeftModel.from_pretrained(base, str(folder)).eval()
        expected = _logits(plain, AutoTokenizer.from_pretrained(folder))
        assert torch.equal(_logits(found.model, found.tokenizer), expected)


def _load_or_line(folder: Path) -> FrozenClassifier | str:
    try:
        return AdueModel.from_pretrained(folder, with_head=False).classifier
    except AdueError as error:
        return str(error)


def test_the_words_of_these_texts_are_those_of_the_vocabulary() -> None:
    assert all(word in VOCABULARY for text in TEXTS[1:] for word in text.split())
