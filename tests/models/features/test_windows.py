"""Texts longer than what is read at once: cut and counted, or read in windows of which the surest answers."""

import tempfile
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from transformers import PreTrainedTokenizerBase
from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

from adue import AdueModel
from adue.foundation.config import Reading
from adue.foundation.errors import DataError, ModelError
from adue.models.features.windows import deciding_windows
from adue.models.pretrained.tokens import encode
from tests.support.adapters import fit_quickly, random_texts, save_tiny_adapter
from tests.support.tiny import VOCABULARY, WORDS, tiny_tokenizer

LIMIT = 12
MARKS = 2
"""[CLS] and [SEP]."""
TEXTS = [*random_texts(20), *(" ".join(random_texts(6, seed=seed)) for seed in range(20)), "good", ""]


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_adapter(tmp_path_factory.mktemp("windows"), "bert")


@pytest.fixture(scope="module")
def windowed(adapter: Path) -> AdueModel:
    return in_windows(adapter)


@pytest.fixture(params=["fast", "slow"])
def tokenizer(request: pytest.FixtureRequest) -> PreTrainedTokenizerBase:
    return tiny_tokenizer(decoder=False) if request.param == "fast" else slow_tokenizer()


def in_windows(adapter: Path, stride: int | None = 3) -> AdueModel:
    reading = Reading(long_texts="windows", stride=stride)
    return AdueModel.from_pretrained(adapter, max_length=LIMIT, reading=reading, with_head=False)


@cache
def slow_tokenizer() -> PreTrainedTokenizerBase:
    with tempfile.TemporaryDirectory() as folder:
        vocabulary = Path(folder) / "vocab.txt"
        vocabulary.write_text("\n".join(VOCABULARY))
        return BertTokenizerLegacy(vocab_file=str(vocabulary), model_max_length=64)


def words(count: int) -> str:
    return " ".join(WORDS[index % len(WORDS)] for index in range(count))


def content(window: dict[str, list[int]]) -> list[int]:
    ids = window["input_ids"]
    assert (ids[0], ids[-1]) == (VOCABULARY["[CLS]"], VOCABULARY["[SEP]"])
    return ids[1:-1]


def test_a_text_that_fits_exactly_is_not_cut_and_one_more_token_is(tokenizer: PreTrainedTokenizerBase) -> None:
    counts = [LIMIT - MARKS + more for more in (-1, 0, 1, 30)]
    rows = encode(tokenizer, [words(count) for count in counts], LIMIT)
    assert [row.cut for row in rows] == [False, False, True, True]
    assert [len(row.inputs["input_ids"]) for row in rows] == [LIMIT - 1, LIMIT, LIMIT, LIMIT]


def test_slow_and_fast_tokenizers_give_the_same_tokens_cut_or_in_windows() -> None:
    texts, slow, fast = TEXTS, slow_tokenizer(), tiny_tokenizer(decoder=False)
    assert not slow.is_fast
    for stride in (None, 0, 4):
        ids = [
            [
                ([list(window["input_ids"]) for window in row.windows], row.cut)
                for row in encode(one, texts, LIMIT, stride=stride)
            ]
            for one in (slow, fast)
        ]
        assert ids[0] == ids[1]


@given(count=st.integers(0, 70), stride=st.integers(0, LIMIT - MARKS - 1))
def test_every_token_is_in_a_window_and_no_window_is_too_long(count: int, stride: int) -> None:
    for tokenizer in (tiny_tokenizer(decoder=False), slow_tokenizer()):
        [row] = encode(tokenizer, [words(count)], LIMIT, stride=stride)
        assert not row.cut
        assert all(len(window["input_ids"]) <= LIMIT for window in row.windows)
        parts = [content(window) for window in row.windows]
        whole = parts[0]
        for before, part in pairwise(parts):
            assert before[len(before) - stride :] == part[:stride]
            assert len(part) > stride
            whole = whole + part[stride:]
        assert whole == tokenizer(words(count), add_special_tokens=False)["input_ids"]


def surest_by_transformers(model: AdueModel, text: str, stride: int) -> Tensor:
    """Return the logits of the surest window, each window by itself through the model as PEFT made it."""
    windows = model.classifier.tokenizer(
        text, truncation=True, max_length=LIMIT, stride=stride, return_overflowing_tokens=True
    )["input_ids"]
    with torch.no_grad():
        logits = torch.cat([model.classifier.model(input_ids=torch.tensor([ids])).logits for ids in windows])
    return logits[logits.softmax(dim=-1).amax(dim=-1).argmax()]


def test_a_text_in_windows_answers_as_the_surest_of_them_by_transformers(windowed: AdueModel) -> None:
    rows = windowed.extract(TEXTS)
    expected = torch.stack([surest_by_transformers(windowed, text, stride=3) for text in TEXTS])
    assert len(rows) == len(TEXTS)
    assert rows.texts_cut == 0
    torch.testing.assert_close(rows.logits, expected, atol=1e-5, rtol=1e-4)
    cut = AdueModel.from_pretrained(windowed_folder(windowed), max_length=LIMIT, with_head=False).extract(TEXTS)
    assert cut.texts_cut == sum(len(text.split()) > LIMIT - MARKS for text in TEXTS) >= 20
    assert not torch.equal(cut.logits, rows.logits)
    # Short texts are read as ever.
    assert cut.truncated is not None
    whole = ~cut.truncated
    torch.testing.assert_close(cut.logits[whole], rows.logits[whole], atol=1e-5, rtol=1e-4)


def windowed_folder(model: AdueModel) -> Path:
    folder = Path(model.origin.base_model).parent / "adapter"
    assert folder.is_dir()
    return folder


def test_cached_windows_and_counts_are_those_of_the_first_run(adapter: Path, tmp_path: Path) -> None:
    for reading in (Reading(), Reading(long_texts="windows")):
        model = AdueModel.from_pretrained(adapter, max_length=LIMIT, reading=reading, with_head=False)
        progress: list[int] = []
        first = model.extract(TEXTS, cache=tmp_path, on_progress=progress.append)
        again = model.extract(TEXTS, cache=tmp_path)
        assert sum(progress) == len(TEXTS)
        assert torch.equal(first.logits, again.logits)
        assert first.truncated is not None
        assert again.truncated is not None
        assert torch.equal(first.truncated, again.truncated)
        assert again.texts_cut == (20 if reading.long_texts == "cut" else 0)


def test_windows_are_kept_with_the_head_and_decide_over_u(windowed: AdueModel, tmp_path: Path) -> None:
    fit_quickly(windowed).save_pretrained(tmp_path)
    again = AdueModel.from_pretrained(tmp_path)
    assert again.classifier.reading == Reading(long_texts="windows", stride=3)
    assert str(again.classifier.limit) == f"up to {LIMIT} tokens, from adue_config.json"
    answers, rows = again.predict(TEXTS), again.extract(TEXTS)
    assert answers.truncated.tolist() == [False] * len(TEXTS)
    assert answers.labels.tolist() == rows.predictions.tolist()
    assert again.fitted is not None
    u = again.fitted.uncertainty(rows.features, rows.logits)
    torch.testing.assert_close(torch.from_numpy(answers.uncertainty), u.cpu())


@pytest.mark.parametrize(("stride", "most"), [(LIMIT - MARKS, 9), (100, 9)])
def test_windows_that_would_hold_nothing_new_are_refused(adapter: Path, stride: int, most: int) -> None:
    with pytest.raises(ModelError, match=f"cannot share {stride} of them; give --stride {most} or less"):
        in_windows(adapter, stride)


def test_by_default_windows_share_a_quarter(adapter: Path) -> None:
    [row] = in_windows(adapter, None).classifier.tokenize([words(40)])
    parts = [content(window) for window in row.windows]
    assert parts[0][-3:] == parts[1][:3]
    assert parts[0][-4:] != parts[1][:4]


def test_what_reads_a_text_at_once_refuses_windows_in_one_line(windowed: AdueModel) -> None:
    [row] = windowed.classifier.tokenize([words(40)])
    with pytest.raises(DataError, match="leave --long-texts windows out"):
        _ = row.inputs


def test_of_equally_sure_windows_the_first_decides() -> None:
    logits = torch.tensor([[0.0, 2.0], [2.0, 0.0], [0.0, 0.0], [0.0, 1.0], [-3.0, 0.0]])
    assert deciding_windows(logits, [2, 3]) == [0, 4]
