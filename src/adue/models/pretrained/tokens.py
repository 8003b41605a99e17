"""Texts to token ids: what a tokenizer cannot take or leaves nothing of is read as something all the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from transformers import PreTrainedTokenizerBase

from adue.foundation.config import Reading
from adue.foundation.errors import DataError
from adue.foundation.texts import Text
from adue.models.pretrained.reading import Prepared, prepare

Inputs = dict[str, list[int]]
"""Token ids and what goes with them, not padded: what the model reads at once."""


@dataclass(frozen=True)
class Encoding:
    """One text, or pair of texts, as the model reads it.

    Attributes
    ----------
    windows
        What goes through the model: the whole text or its beginning, or parts of it that overlap.
    cut
        Whether tokens of the text are in none of them.
    """

    windows: tuple[Inputs, ...]
    cut: bool = False

    @property
    def inputs(self) -> Inputs:
        """The only window.

        Raises
        ------
        DataError
            When the text is read in several.
        """
        if len(self.windows) > 1:
            raise DataError("this job reads each text at once, not in windows; leave --long-texts windows out")
        return self.windows[0]

    @property
    def tokens(self) -> int:
        """How many tokens go through the model, those that windows share more than once."""
        return sum(len(window["input_ids"]) for window in self.windows)

    def split(self) -> "tuple[Encoding, ...]":
        """Return one encoding per window."""
        return (self,) if len(self.windows) == 1 else tuple(Encoding((window,)) for window in self.windows)


def encode(
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[Text],
    max_length: int,
    reading: Reading | None = None,
    *,
    stride: int | None = None,
) -> list[Encoding]:
    """Return one unpadded encoding per text or pair of texts, never without a token.

    Parameters
    ----------
    max_length
        Tokens that are read at once, the tokenizer's own marks among them.
    reading
        What rows are, and what is put around them; by default what they are themselves, and nothing.
    stride
        None to cut what is longer. A number to read it in windows, each of which shares this many tokens with the one
        before it.

    Raises
    ------
    DataError
        When a row is no text, or not of the kind that `reading` says rows are.
    """
    if not texts:
        return []
    given = prepare(tokenizer, texts, reading or Reading())
    if not tokenizer.is_fast:
        return _encode_slowly(tokenizer, given, max_length, stride)
    options: dict[str, Any] = {"truncation": True, "max_length": max_length}
    if stride is not None:
        encoded = _call(tokenizer, given, **options, stride=stride, return_overflowing_tokens=True)
        return _group(tokenizer, encoded)
    encoded = _call(tokenizer, given, **options)
    # The tokenizer keeps what it cut off; asking for it costs nothing.
    return [
        Encoding((row,), bool(encoded.encodings[index].overflowing))
        for index, row in enumerate(_rows(tokenizer, encoded))
    ]


def stand_in(tokenizer: PreTrainedTokenizerBase, names: Sequence[str]) -> Inputs:
    """Return what an empty text is read as where the tokenizer adds no token of its own.

    Never as padding: a model that looks for the last other token would find none.
    """
    tokens = (tokenizer.eos_token_id, tokenizer.unk_token_id, 0, 1)
    token = next(token for token in tokens if token not in {None, tokenizer.pad_token_id})
    return {name: [{"input_ids": int(token), "attention_mask": 1}.get(name, 0)] for name in names}


def _rows(tokenizer: PreTrainedTokenizerBase, encoded: Any) -> list[Inputs]:
    names = [name for name in encoded if name in tokenizer.model_input_names]
    rows = [dict(zip(names, values, strict=True)) for values in zip(*(encoded[name] for name in names), strict=True)]
    return [row if row["input_ids"] else stand_in(tokenizer, names) for row in rows]


def _group(tokenizer: PreTrainedTokenizerBase, encoded: Any) -> list[Encoding]:
    owned = zip(encoded["overflow_to_sample_mapping"], _rows(tokenizer, encoded), strict=True)
    return [Encoding(tuple(row for _, row in rows)) for _, rows in groupby(owned, key=lambda pair: pair[0])]


def _call(tokenizer: PreTrainedTokenizerBase, given: Prepared, **options: Any) -> Any:
    return tokenizer(given.first, given.second, add_special_tokens=given.add_special_tokens, **options)


def _encode_slowly(
    tokenizer: PreTrainedTokenizerBase, given: Prepared, max_length: int, stride: int | None
) -> list[Encoding]:
    """Do the same with a tokenizer written in Python, which reads again what was too long."""
    rows = _rows(tokenizer, _call(tokenizer, given, verbose=False))
    encodings = [Encoding((row,)) for row in rows]
    long = [index for index, row in enumerate(rows) if len(row["input_ids"]) > max_length]
    if stride is not None:
        for index in long:
            encodings[index] = Encoding(tuple(_windows(tokenizer, given.first[index], max_length, stride)))
    elif long:
        cut = _call(tokenizer, given.select(long), truncation=True, max_length=max_length)
        for index, row in zip(long, _rows(tokenizer, cut), strict=True):
            encodings[index] = Encoding((row,), cut=True)
    return encodings


def _windows(tokenizer: PreTrainedTokenizerBase, text: str, max_length: int, stride: int) -> Iterator[Inputs]:
    """Yield the windows of a text that is longer than one."""
    ids = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    size = max_length - tokenizer.num_special_tokens_to_add()
    for start in range(0, max(1, len(ids) - stride), size - stride):
        row = tokenizer.prepare_for_model(ids[start : start + size], return_attention_mask=True)
        yield {name: values for name, values in row.items() if name in tokenizer.model_input_names}
