"""Texts to token ids: what a tokenizer cannot take or leaves nothing of is read as something all the same."""

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from adue.foundation.config import Reading
from adue.foundation.texts import Text
from adue.models.pretrained.reading import prepare

Encoding = dict[str, list[int]]
"""One row as token ids and what goes with them, not padded."""


def encode(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[Text], max_length: int, reading: Reading
) -> list[Encoding]:
    """Return one unpadded encoding per row, cut to `max_length` tokens and never without a token."""
    given = prepare(tokenizer, texts, reading)
    encoded = tokenizer(
        given.first,
        given.second,
        add_special_tokens=given.add_special_tokens,
        truncation=True,
        max_length=max_length,
    )
    names = [name for name in encoded if name in tokenizer.model_input_names]
    rows = [{name: encoded[name][row] for name in names} for row in range(len(texts))]
    return [row if row["input_ids"] else stand_in(tokenizer, names) for row in rows]


def stand_in(tokenizer: PreTrainedTokenizerBase, names: Sequence[str]) -> Encoding:
    """Return what an empty text is read as where the tokenizer adds no token of its own.

    Never as padding: a model that looks for the last other token would find none.
    """
    tokens = (tokenizer.eos_token_id, tokenizer.unk_token_id, 0, 1)
    token = next(token for token in tokens if token not in {None, tokenizer.pad_token_id})
    return {name: [{"input_ids": int(token), "attention_mask": 1}.get(name, 0)] for name in names}
