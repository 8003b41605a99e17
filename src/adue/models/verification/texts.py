"""The texts whose answers are kept: which of the held-out rows, known by a keyed digest, and found again by it."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from torch import Tensor

from adue.foundation.config import TextAnswers
from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.models.features.classifier import FrozenClassifier
from adue.models.verification.probe import to_answers

ROWS = 12
"""Texts whose answers are kept at most."""


class FoundText(NamedTuple):
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


def find_texts(texts: Iterable[Any], stored: Sequence[TextAnswers], key: str) -> list[FoundText]:
    """Return those of `texts` whose answers are stored, each where it stands first; other values than texts are passed.

    Parameters
    ----------
    key
        Of the digests: the head's own.
    """
    wanted = {one.digest: one for one in stored}
    found = []
    for index, text in enumerate(texts):
        if not wanted:
            break
        one = wanted.pop(text_digest(text, key), None) if isinstance(text, str | list | tuple) else None
        if one is not None:
            found.append(FoundText(index, text, one))
    return found


def answer_texts(
    classifier: FrozenClassifier, rows: FeatureSet, u: Tensor, texts: Sequence[Any], key: str
) -> tuple[TextAnswers, ...]:
    """Return the answers to some of `texts`, whose features and logits are `rows`, and whose U is `u`.

    Raises
    ------
    DataError
        When the texts are not those of the rows.
    """
    places = [slice(*ends) for ends in pairwise(accumulate(map(classifier.rows_of, texts), initial=0))]
    if not places or places[-1].stop != len(rows):
        raise DataError(f"the texts make {places[-1].stop if places else 0} rows, the features have {len(rows)}")
    digests = [text_digest(text, key) for text in texts]
    full = [index for index, place in enumerate(places) if place.stop > place.start]
    highest = {index: float(u[places[index]].max()) for index in full}
    predictions, errors = rows.predictions, rows.errors
    kinds = {index: (int(predictions[places[index].start]), bool(errors[places[index]].any())) for index in full}
    chosen = spread(full, digests, highest, kinds)
    encodings = classifier.tokenize([texts[index] for index in chosen])
    return tuple(
        TextAnswers(
            digest=digests[index],
            tokens=len(encoding["input_ids"]),
            answers=to_answers(rows.logits[places[index]], u[places[index]]),
        )
        for index, encoding in zip(chosen, encodings, strict=True)
    )


def spread(
    rows: Sequence[int], digests: Sequence[str], u: Mapping[int, float], kinds: Mapping[int, Hashable]
) -> list[int]:
    """Return up to ROWS of `rows` with different texts: from low to high U, and of as many kinds as can be.

    The choice is the same for every order of the rows.
    """
    once = {digests[row]: row for row in reversed(rows)}
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
