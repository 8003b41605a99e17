"""The comparison of a loaded classifier with the answers that its head keeps: the probe at load, texts when asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from adue.foundation.config import SavedAnswers, Setup
from adue.foundation.errors import ArtifactError
from adue.models.verification.answerer import Answerer
from adue.models.verification.probe import compare_probe
from adue.models.verification.texts import FoundText
from adue.models.verification.tolerance import Difference, Tolerance, largest, tolerance_between


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
        The predicted classes then and now: one each, or one per word.
    """

    index: int
    difference: Difference
    tokens: tuple[int, int]
    labels: tuple[list[int], list[int]]


@dataclass(frozen=True)
class Verification:
    """How the stored answers compare with those of now.

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


def require_same_answers(answerer: Answerer, answers: SavedAnswers | None) -> None:
    """Refuse a classifier that answers the probe otherwise than when its head was fitted; pass where none is stored.

    Raises
    ------
    ArtifactError
        When the adapter acts otherwise by its configuration, or logits or U lie further apart than the two setups
        allow; the message says how far, and what is known to have changed.
    """
    if answers is None:
        return
    then, now = answers.setup, answerer.setup
    settings = then.adapter_changes(now)
    if settings:
        raise ArtifactError(
            f"adapter_config.json is not as when the head was fitted: {', '.join(settings)}, which changes answers; "
            "copy the file again, or fit the head again with adue fit"
        )
    if answers.probe is None:
        return
    difference, tolerance = compare_probe(answerer, answers.probe), tolerance_between(then, now)
    if difference.within(tolerance):
        return
    changes = ", ".join(then.changes(now)) or (
        "no version and no setting, so the base model or the tokenizer is another"
    )
    raise ArtifactError(
        "the classifier does not answer as when its head was fitted: on the fixed probe logits are "
        f"{difference.logits:.2g} of their size apart (allowed: {tolerance.logits:g}), U {difference.uncertainty:.2g} "
        f"(allowed: {tolerance.uncertainty:g}); changed since: {changes}; load it as it was fitted, fit the head again "
        "with adue fit, or look closer with adue verify"
    )


def require_texts(answers: SavedAnswers | None) -> SavedAnswers:
    """Return `answers`, among which are those to some texts.

    Raises
    ------
    ArtifactError
        When there are none.
    """
    cure = "fit the head again with adue fit, or with model.fit(train, validation)"
    if answers is None:
        raise ArtifactError(f"no answers are stored with this head, which an older adue fitted; {cure}")
    if not answers.texts:
        raise ArtifactError(f"no answers to texts are stored with this head, which was fitted on features; {cure}")
    return answers


def verify(answerer: Answerer, answers: SavedAnswers, found: Sequence[FoundText]) -> Verification:
    """Return how `answerer` answers the texts `found` and the probe, compared with what is stored."""
    now = answerer.setup
    return Verification(
        stored=len(answers.texts),
        texts=tuple(_check(answerer, answers, found)),
        probe=None if answers.probe is None else compare_probe(answerer, answers.probe),
        tolerance=tolerance_between(answers.setup, now),
        then=answers.setup,
        now=now,
    )


def _check(answerer: Answerer, answers: SavedAnswers, found: Sequence[FoundText]) -> Iterable[CheckedText]:
    if not found:
        return
    texts = [one.text for one in found]
    logits, u = answerer.answer(texts)
    scale = largest(*(one.answers for one in answers.texts))
    places = pairwise(accumulate(map(answerer.rows_of, texts), initial=0))
    for one, tokens, (start, stop) in zip(found, answerer.count_tokens(texts), places, strict=True):
        before = [max(range(len(row)), key=row.__getitem__) for row in one.stored.answers.logits]
        yield CheckedText(
            index=one.index,
            difference=Difference.between(one.stored.answers, logits[start:stop], u[start:stop], scale=scale),
            tokens=(one.stored.tokens, tokens),
            labels=(before, logits[start:stop].argmax(dim=-1).tolist()),
        )
