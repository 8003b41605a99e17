"""The probe: a few fixed sequences of token ids, no text, whose answers are stored with a head and compared at load."""

import random
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from adue.foundation.config import Answers, ProbeAnswers
from adue.heads.fitted import FittedHead
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.inner import classification_model

LENGTHS = (6, 11, 23, 48)
"""Tokens of each sequence: different, so that a batch has padding; few, so that loading hardly takes longer."""

SEED = 16
ENDS = ("eos_token_id", "sep_token_id", "bos_token_id", "cls_token_id", "unk_token_id")
"""What sequences end with: a token that is later taken for padding is then seen."""

DIGITS = 9
"""Significant digits that give a float32 back exactly."""


def probe_ids(classifier: FrozenClassifier) -> tuple[tuple[int, ...], ...]:
    """Return the token ids of the probe: the same for the same tokenizer, and none of them padding."""
    tokenizer = classifier.tokenizer
    known = len(classification_model(classifier.model).get_input_embeddings().weight)
    ends = _ends(tokenizer, known)
    plain = [token for token in range(min(known, len(tokenizer))) if token not in {*ends, tokenizer.pad_token_id}]
    draw = random.Random(SEED)  # noqa: S311 - nothing is kept secret
    sequences = []
    for number, length in enumerate(LENGTHS):
        last = ends[number % len(ends)] if ends else plain[0]
        tokens = [draw.choice(plain or ends) for _ in range(min(length, classifier.max_length) - 1)]
        sequences.append((*tokens, last))
    return tuple(sequences)


def _ends(tokenizer: PreTrainedTokenizerBase, known: int) -> list[int]:
    ids = (getattr(tokenizer, name, None) for name in ENDS)
    return list(dict.fromkeys(i for i in ids if i is not None and i < known and i != tokenizer.pad_token_id))


def ask_probe(
    classifier: FrozenClassifier, fitted: FittedHead, token_ids: Sequence[Sequence[int]]
) -> list[tuple[Tensor, Tensor]]:
    """Return logits and U of all sequences in one batch, and of the first by itself."""
    encodings = [classifier.encode_ids(ids) for ids in token_ids]
    return [_ask(classifier, fitted, batch) for batch in (encodings, encodings[:1])]


def answer_probe(classifier: FrozenClassifier, fitted: FittedHead) -> ProbeAnswers | None:
    """Return the answers to the probe as they are stored; None where one is not finite."""
    token_ids = probe_ids(classifier)
    found = ask_probe(classifier, fitted, token_ids)
    if not all(bool(values.isfinite().all()) for pair in found for values in pair):
        return None
    together, alone = (to_answers(*pair) for pair in found)
    return ProbeAnswers(token_ids=token_ids, together=together, alone=alone)


def to_answers(logits: Tensor, uncertainty: Tensor) -> Answers:
    """Return logits and U of some rows as they are stored."""
    return Answers(
        logits=tuple(tuple(map(_short, row)) for row in logits.tolist()),
        uncertainty=tuple(map(_short, uncertainty.tolist())),
    )


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


@torch.no_grad()
def _ask(classifier: FrozenClassifier, fitted: FittedHead, encodings: Sequence[Any]) -> tuple[Tensor, Tensor]:
    features, logits = classifier.forward(classifier.collate(encodings))
    features, logits = features.float().cpu(), logits.float().cpu()
    return logits, fitted.uncertainty(features, logits).float().cpu()
