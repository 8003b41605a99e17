"""The frozen token classifier: one row per word, read at the word's first token."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedTokenizerBase

from adue.foundation.config import Reading, TokenLimit
from adue.foundation.errors import DataError, ModelError
from adue.models.features.architectures import Layout, find_output, read_head
from adue.models.features.classifier import FrozenClassifier, head_error
from adue.models.features.inner import active_adapter, classification_model
from adue.models.features.limits import require_padding_token, token_limit
from adue.models.pretrained.reading import readable
from adue.models.pretrained.tokens import Encoding, stand_in

WORDS = "first_tokens"
"""In an encoding and a batch: 1 (True) at the first token of every word."""

_EVERY = 8
"""Where no tokenizer says where words begin, one of this many tokens begins one."""

_OUTPUTS = ("classifier", "score")
"""What transformers calls the last layer of a token classifier."""


@dataclass(frozen=True)
class FrozenTagger(FrozenClassifier):
    """A token classifier that is only ever read; its inputs are sentences, each a list of words."""

    probes: ClassVar[Sequence[Any]] = (["a", "short", "text"], ["another", "one", ",", "a", "little", "longer"])

    @classmethod
    def wrap(
        cls,
        model: nn.Module,
        tokenizer: PreTrainedTokenizerBase,
        *,
        head: str | None = None,
        max_length: int | TokenLimit | None = None,
        reading: Reading | None = None,
    ) -> Self:
        """Find the head of `model` and prove on two short sentences that it gives the model's own logits.

        Raises
        ------
        ModelError
            When the head cannot be found or does not reproduce the logits, the tokenizer cannot pad or does not
            say which token belongs to which word, or something is to be done to the words before they are read.
        """
        if not (reading or Reading()).is_plain:
            raise ModelError(
                "a token classifier reads its words as they are; leave pairs, prefix, suffix, chat template and "
                "windows out"
            )
        inner = classification_model(model)
        require_padding_token(tokenizer)
        if not tokenizer.is_fast:
            raise ModelError(
                f"a {type(tokenizer).__name__} does not say which token belongs to which word; "
                "save a tokenizer.json beside the model"
            )
        output = head or _find_output(inner)
        layout = Layout(output, output, "pooled")
        limit = token_limit(inner, tokenizer, max_length)
        found = cls(model, tokenizer, layout, read_head(inner, layout), limit, active_adapter(model))
        if not found.reproduces_logits():
            raise head_error(inner, layout)
        return found

    def rows_in(self, encoding: Encoding) -> int:
        """Return the number of words."""
        return sum(encoding.inputs[WORDS])

    def rows_of(self, text: Sequence[str]) -> int:
        """Return the number of words of a sentence."""
        return len(text)

    def encode_ids(self, token_ids: Sequence[int]) -> Encoding:
        """Return the encoding of token ids that are read as they are, as if words began at some of them."""
        words = [int(position % _EVERY == 0) for position in range(len(token_ids))]
        return Encoding((super().encode_ids(token_ids).inputs | {WORDS: words},))

    def tokenize(self, texts: Sequence[Sequence[str]]) -> list[Encoding]:
        """Return one unpadded encoding per sentence.

        Raises
        ------
        DataError
            When a sentence is longer than ``max_length``: a word that is cut off has no answer.
        """
        if not texts:
            return []
        encoded = self.tokenizer(self._readable(texts), is_split_into_words=True)
        names = [name for name in encoded if name in self.tokenizer.model_input_names]
        rows = []
        for index in range(len(texts)):
            row = {name: encoded[name][index] for name in names}
            row = row if row["input_ids"] else stand_in(self.tokenizer, names)
            length = len(row["input_ids"])
            if length > self.max_length:
                raise DataError(
                    f"sentence {index} has {length} tokens, the model reads {self.max_length}, and words that are cut "
                    "off would have no answer; split it"
                )
            rows.append(Encoding((row | {WORDS: _first_tokens(encoded.word_ids(index)) or [0]},)))
        return rows

    def _readable(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """Return the sentences with a stand-in for every word of which the tokenizer leaves nothing.

        Such a word (a lone variation selector) still gets an answer.
        """
        whole = [[readable(word) for word in words] for words in sentences]
        instead = str(self.tokenizer.unk_token or self.tokenizer.eos_token)
        encoded = self.tokenizer(whole, is_split_into_words=True)
        for index, words in enumerate(whole):
            for lost in set(range(len(words))) - set(encoded.word_ids(index)):
                words[lost] = instead
        return whole

    def collate(self, encodings: Sequence[Encoding]) -> Mapping[str, Tensor]:
        """Return one batch on the model's device, padded on the right, with the mask of the words' first tokens."""
        rows = [encoding.inputs for encoding in encodings]
        batch = self._pad([{name: ids for name, ids in row.items() if name != WORDS} for row in rows])
        masks = [torch.tensor(row[WORDS], dtype=torch.bool) for row in rows]
        return {**batch, WORDS: pad_sequence(masks, batch_first=True).to(self.device)}

    def _run(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return features and logits of every word; of every token of every row where no words are marked."""
        features, logits = super()._run({name: tensor for name, tensor in batch.items() if name != WORDS})
        words = batch.get(WORDS)
        return (features, logits) if words is None else (features[words], logits[words])


def _first_tokens(word_ids: Sequence[int | None]) -> list[int]:
    return [int(word is not None and word != before) for before, word in pairwise([None, *word_ids])]


def _find_output(inner: Any) -> str:
    known = next((name for name in _OUTPUTS if hasattr(inner, name)), None)
    return known or find_output(inner, inner.config.num_labels)
