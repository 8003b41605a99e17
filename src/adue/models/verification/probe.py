"""The probe: a few fixed sequences of token ids, no text, whose answers are stored with a head and compared at load."""

import random
from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from adue.foundation.config import Answers, ProbeAnswers
from adue.foundation.errors import ModelError
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.inner import classification_model
from adue.models.verification.answerer import Answered, Answerer
from adue.models.verification.tolerance import Difference, largest, worst

LENGTHS = (5, 8, 12, 28)
"""Tokens of each sequence. All but the last are one batch, with padding; few, so that loading takes little longer."""

SEED = 16
ENDS = ("eos_token_id", "sep_token_id", "bos_token_id", "cls_token_id", "unk_token_id")
"""What the sequences end with: a token that is later taken for padding is then seen."""

DIGITS = 9
"""Significant digits that give a float32 back exactly."""


def probe_ids(classifier: FrozenClassifier) -> tuple[tuple[int, ...], ...]:
    """Return the token ids of a new probe, none of which is padding; they are stored, and not drawn again."""
    tokenizer = classifier.tokenizer
    known = len(classification_model(classifier.model).get_input_embeddings().weight)
    ends = _ends(tokenizer, known)
    others = [token for token in range(min(known, len(tokenizer))) if token not in {*ends, tokenizer.pad_token_id}]
    draw = random.Random(SEED)  # noqa: S311 - nothing is kept secret
    return tuple(
        (
            *(draw.choice(others or ends) for _ in range(min(length, classifier.max_length) - 1)),
            (ends or others)[number % len(ends or others)],
        )
        for number, length in enumerate(LENGTHS)
    )


def _ends(tokenizer: PreTrainedTokenizerBase, known: int) -> list[int]:
    ids = (getattr(tokenizer, name, None) for name in ENDS)
    return list(dict.fromkeys(i for i in ids if i is not None and i < known and i != tokenizer.pad_token_id))


def answer_probe(answerer: Answerer, token_ids: Sequence[Sequence[int]]) -> ProbeAnswers | None:
    """Return the answers to the probe as they are stored; None where one overflows, in half precision."""
    try:
        together, alone = _ask(answerer, token_ids)
    except ModelError:
        return None
    return ProbeAnswers(token_ids=tuple(map(tuple, token_ids)), together=to_answers(together), alone=to_answers(alone))


def compare_probe(answerer: Answerer, probe: ProbeAnswers) -> Difference:
    """Return how far the answers to the probe lie from those stored."""
    scale = largest(probe.together, probe.alone)
    pairs = zip((probe.together, probe.alone), _ask(answerer, probe.token_ids), strict=True)
    return worst([Difference.between(stored, *answered, scale=scale) for stored, answered in pairs])


def to_answers(answered: Answered) -> Answers:
    """Return logits and U of some rows as they are stored."""
    return Answers(
        logits=tuple(tuple(map(_short, row)) for row in answered.logits.tolist()),
        uncertainty=tuple(map(_short, answered.uncertainty.tolist())),
    )


def _ask(answerer: Answerer, token_ids: Sequence[Sequence[int]]) -> tuple[Answered, Answered]:
    """Return the answers to all sequences but the last in one batch, and to the last by itself."""
    return answerer.answer_ids(token_ids[:-1]), answerer.answer_ids(token_ids[-1:])


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
