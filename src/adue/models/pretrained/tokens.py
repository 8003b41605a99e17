"""Texts to token ids: what a tokenizer cannot take or leaves nothing of is read as something all the same."""

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

Encoding = dict[str, list[int]]
"""One text as token ids and what goes with them, not padded."""


def encode(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_length: int) -> list[Encoding]:
    """Return one unpadded encoding per text, cut to `max_length` tokens and never without a token."""
    encoded = tokenizer([readable(text) for text in texts], truncation=True, max_length=max_length)
    names = [name for name in encoded if name in tokenizer.model_input_names]
    rows = [{name: encoded[name][row] for name in names} for row in range(len(texts))]
    return [row if row["input_ids"] else stand_in(tokenizer, names) for row in rows]


def readable(text: str) -> str:
    """Return `text` as a tokenizer takes it: half a surrogate pair, as JSON may hold, is read as a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def stand_in(tokenizer: PreTrainedTokenizerBase, names: Sequence[str]) -> Encoding:
    """Return what an empty text is read as where the tokenizer adds no token of its own.

    Never as padding: a model that looks for the last other token would find none.
    """
    tokens = (tokenizer.eos_token_id, tokenizer.unk_token_id, 0, 1)
    token = next(token for token in tokens if token not in {None, tokenizer.pad_token_id})
    return {name: [{"input_ids": int(token), "attention_mask": 1}.get(name, 0)] for name in names}
