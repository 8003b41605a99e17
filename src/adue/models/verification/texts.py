"""The texts whose answers are kept: which of the held-out rows, known by a keyed digest, and found again by it."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from torch import Tensor

from adue.foundation.config import SavedAnswers, TextAnswers
from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.models.verification.answerer import Answered, Answerer
from adue.models.verification.probe import to_answers

ROWS = 12
"""Texts whose answers are kept at most."""


@dataclass(frozen=True)
class FoundText:
    """A text whose answers are stored, and its place among the rows given, counted from 0."""

    index: int
    text: Any
    stored: TextAnswers


def text_digest(text: Any, key: str) -> str:
    """Return the SHA-256 of a text, keyed (HMAC), as 64 hexadecimal digits; of words or a pair, of their JSON.

    The key is the head's own digest: two heads name the same text differently, so no table of known texts serves for
    all. It lies beside the digest, so that a text which somebody can guess can be recognised.

    Examples
    --------
    >>> text_digest("a film", "0")[:8] == text_digest("a film", "1")[:8]
    False
    """
    written = text if isinstance(text, str) else json.dumps(list(text))
    return hmac.new(key.encode(), written.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def find_texts(texts: Iterable[Any], answers: SavedAnswers) -> list[FoundText]:
    """Return those of `texts` whose answers are stored, each where it stands first; what is no text is passed over."""
    wanted, key = {one.digest: one for one in answers.texts}, answers.head_sha256
    found = []
    for index, text in enumerate(texts):
        if not wanted:
            break
        one = wanted.pop(text_digest(text, key), None) if isinstance(text, str | list | tuple) else None
        if one is not None:
            found.append(FoundText(index, text, one))
    return found


def choose_texts(
    answerer: Answerer, rows: FeatureSet, u: Tensor, texts: Sequence[Any], key: str
) -> tuple[TextAnswers, ...]:
    """Return the answers to some of `texts`, whose features and logits are `rows`, and whose U is `u`.

    Raises
    ------
    DataError
        When the texts are not those of the rows.
    """
    places = [slice(*ends) for ends in pairwise(accumulate(map(answerer.rows_of, texts), initial=0))]
    if not places or places[-1].stop != len(rows):
        raise DataError(
            f"the texts make {places[-1].stop if places else 0} rows, the features have {len(rows)}; "
            "give the texts that they were extracted from"
        )
    u, predictions, errors = u.float().cpu(), rows.predictions, rows.errors
    full = [index for index, place in enumerate(places) if place.stop > place.start]
    digests = {index: text_digest(texts[index], key) for index in full}
    highest = {index: float(u[places[index]].max()) for index in full}
    kinds = {index: (int(predictions[places[index].start]), bool(errors[places[index]].any())) for index in full}
    chosen = spread(digests, highest, kinds)
    tokens = answerer.count_tokens([texts[index] for index in chosen])
    return tuple(
        TextAnswers(
            digest=digests[index],
            tokens=count,
            answers=to_answers(Answered(rows.logits[places[index]], u[places[index]])),
        )
        for index, count in zip(chosen, tokens, strict=True)
    )


def spread(digests: Mapping[int, str], u: Mapping[int, float], kinds: Mapping[int, Hashable]) -> list[int]:
    """Return up to ROWS of the texts, which differ: from low to high U, and of as many kinds as can be.

    All three are by the number of the text. The choice is the same for every order of the texts.
    """
    once = {digest: row for row, digest in digests.items()}
    order = sorted(once.values(), key=lambda row: (u[row], digests[row]))
    count = min(ROWS, len(order))
    ends = [len(order) * part // count for part in range(count + 1)] if count else []
    seen: Counter[Hashable] = Counter()
    chosen = []
    for start, stop in pairwise(ends):
        row = min(order[start:stop], key=lambda row: (seen[kinds[row]], digests[row]))
        seen[kinds[row]] += 1
        chosen.append(row)
    return chosen
