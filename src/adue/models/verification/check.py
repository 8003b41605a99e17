"""The comparison of a loaded classifier with the answers that its head keeps: the probe at load, texts when asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from adue.foundation.config import SavedAnswers, Setup
from adue.foundation.errors import ArtifactError
from adue.foundation.types import FeatureSet
from adue.heads.fitted import FittedHead
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.extract import extract
from adue.models.trained.origin import Origin
from adue.models.verification.probe import ask_probe
from adue.models.verification.record import setup_of
from adue.models.verification.texts import FoundText, find_texts
from adue.models.verification.tolerance import Difference, Tolerance, largest, tolerance_between, worst


@dataclass(frozen=True)
class CheckedText:
    """One text whose answers were stored, answered again.

    Attributes
    ----------
    index
        Its place among the texts given, counted from 0.
    tokens
        How many were read then and now.
    labels
        The predicted classes then and now; one each, or one per word.
    """

    index: int
    difference: Difference
    tokens: tuple[int, int]
    labels: tuple[list[int], list[int]]


@dataclass(frozen=True)
class Verification:
    """What became of the stored answers.

    Attributes
    ----------
    stored
        Texts whose answers are stored.
    texts
        Those of them that were given again.
    probe
        How far the probe's answers lie from those stored; None where none are.
    then, now
        The setups under which the head was fitted, and under which the answers now came about.
    """

    stored: int
    texts: tuple[CheckedText, ...]
    probe: Difference | None
    tolerance: Tolerance
    then: Setup
    now: Setup

    @property
    def differing(self) -> tuple[CheckedText, ...]:
        """The texts whose answers lie too far from those stored, or whose predicted class is another."""
        return tuple(one for one in self.texts if one.difference.changed or not one.difference.within(self.tolerance))

    @property
    def agrees(self) -> bool:
        """Whether all texts found, and the probe, are answered as they were."""
        return not self.differing and (self.probe is None or self.probe.within(self.tolerance))


def compare_probe(classifier: FrozenClassifier, fitted: FittedHead) -> Difference | None:
    """Return how far the answers to the probe lie from those stored; None where none are stored."""
    probe = fitted.answers.probe if fitted.answers else None
    if probe is None:
        return None
    scale = largest(probe.together, probe.alone)
    found = ask_probe(classifier, fitted, probe.token_ids)
    return worst(
        [
            Difference.between(stored, *answers, scale=scale)
            for stored, answers in zip((probe.together, probe.alone), found, strict=True)
        ]
    )


def require_same_answers(classifier: FrozenClassifier, origin: Origin, fitted: FittedHead) -> None:
    """Refuse a classifier that answers the probe otherwise than when its head was fitted; pass where none is stored.

    Raises
    ------
    ArtifactError
        When logits or U lie further apart than the two setups allow.
    """
    difference = compare_probe(classifier, fitted)
    if difference is None or fitted.answers is None:
        return
    then, now = fitted.answers.setup, setup_of(classifier, origin)
    refuse_difference(difference, then, now)


def refuse_difference(difference: Difference, then: Setup, now: Setup) -> None:
    """Refuse answers to the probe that lie further from those stored than the two setups allow.

    Raises
    ------
    ArtifactError
        When they do; the message says how far, and what is known to have changed.
    """
    tolerance = tolerance_between(then, now)
    if difference.within(tolerance):
        return
    changes = ", ".join(then.changes(now)) or (
        "nothing in versions and settings, so the base model, adapter_config.json or the tokenizer is another"
    )
    raise ArtifactError(
        f"the classifier does not answer as when its head was fitted: on the fixed probe logits are "
        f"{difference.logits:.2g} apart (allowed {tolerance.logits:g} of their size) and U {difference.uncertainty:.2g} "
        f"(allowed {tolerance.uncertainty:g}); changed since: {changes}; load it as it was fitted, fit the head again, "
        "or look closer with adue verify"
    )


def verify_texts(
    classifier: FrozenClassifier, origin: Origin, fitted: FittedHead, found: Sequence[FoundText], batch_size: int
) -> Verification:
    """Return the comparison of `found` and of the probe with what is stored."""
    answers = require_answers(fitted)
    texts = [one.text for one in found]
    now = setup_of(classifier, origin)
    checked = (
        _check(found, extract(classifier, texts, batch_size=batch_size), classifier, fitted, answers) if found else ()
    )
    return Verification(
        stored=len(answers.texts),
        texts=checked,
        probe=compare_probe(classifier, fitted),
        tolerance=tolerance_between(answers.setup, now),
        then=answers.setup,
        now=now,
    )


def _check(
    found: Sequence[FoundText],
    rows: FeatureSet,
    classifier: FrozenClassifier,
    fitted: FittedHead,
    answers: SavedAnswers,
) -> tuple[CheckedText, ...]:
    u = fitted.uncertainty(rows.features, rows.logits).cpu()
    counts = [classifier.rows_of(one.text) for one in found]
    encodings = classifier.tokenize([one.text for one in found])
    scale = largest(*(one.answers for one in answers.texts))
    return tuple(
        check_text(one, rows.logits[start:stop], u[start:stop], len(encoding["input_ids"]), scale)
        for one, encoding, (start, stop) in zip(found, encodings, pairwise(accumulate(counts, initial=0)), strict=True)
    )


def check_text(one: FoundText, logits: Any, uncertainty: Any, tokens: int, scale: float) -> CheckedText:
    """Return the comparison of one text's answers with those stored."""
    before = [max(range(len(row)), key=row.__getitem__) for row in one.stored.answers.logits]
    return CheckedText(
        index=one.index,
        difference=Difference.between(one.stored.answers, logits, uncertainty, scale=scale),
        tokens=(one.stored.tokens, tokens),
        labels=(before, logits.argmax(dim=-1).tolist()),
    )


def require_answers(fitted: FittedHead) -> SavedAnswers:
    """Return the answers that are stored with a head.

    Raises
    ------
    ArtifactError
        When none are: the head was fitted by an older adue, or on features without texts.
    """
    if fitted.answers is None:
        raise ArtifactError(
            "no answers are stored with this head (it was fitted by an older adue); fit the head again with adue fit"
        )
    return fitted.answers


def found_in(texts: Iterable[Any], fitted: FittedHead) -> list[FoundText]:
    """Return those of `texts` whose answers are stored."""
    answers = require_answers(fitted)
    return find_texts(texts, answers.texts, answers.head_sha256)
