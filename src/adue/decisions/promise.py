"""What can be promised about answers that go out, and what came of trying: a threshold with its bound, or a refusal."""

from typing import Annotated, Literal

from pydantic import Field

from adue.foundation.config import FrozenConfig

PromiseKind = Literal["errors-let-through", "accepted-error", "review-share"]
"""Which share is bounded: of all rows those accepted and wrong, of the accepted rows the wrong ones, or the share that
people read (with one bound on the wrong ones among the accepted)."""

CONFIDENCE = 0.95
"""How often, over draws of the labelled rows, a promise holds at least: the usual level."""

Limit = Annotated[float, Field(gt=0, lt=1)]


class Promise(FrozenConfig):
    """What is asked for.

    Attributes
    ----------
    limit
        Of the share that `kind` names, in (0, 1).
    confidence
        How often the promise holds at least, over draws of the labelled rows.
    per_class
        Whether it is to hold for each predicted class by itself; each then gets its share of 1 - confidence.
    """

    kind: PromiseKind
    limit: Limit
    confidence: Limit = CONFIDENCE
    per_class: bool = False


class Certified(FrozenConfig):
    """A threshold for which the promise holds: answers with ``u <= threshold`` go out.

    Attributes
    ----------
    threshold
        None where no row is accepted, which keeps the promise of errors let through as well.
    rows, accepted, wrong
        Labelled rows that were counted, those with ``u <= threshold``, and the wrong ones among these.
    bound
        Upper confidence bound of the share that the promise is about: of all rows for ``errors-let-through``, of the
        accepted ones else.
    predicted
        The predicted class that it is about; None for all of them.
    """

    promise: Promise
    threshold: float | None
    rows: int
    accepted: int
    wrong: int
    bound: float
    predicted: str | None = None


class Refusal(FrozenConfig):
    """Nothing can be promised from these rows.

    Attributes
    ----------
    reason
        Why, in one line.
    rows, rows_needed
        Labelled rows there are, and about how many it would take; None where no number would do.
    best_limit
        A limit that these rows can promise where the sequence of thresholds begins; None where it never begins.
    predicted
        The predicted class that it is about; None for all of them.
    """

    promise: Promise
    reason: str
    rows: int
    rows_needed: int | None = None
    best_limit: float | None = None
    predicted: str | None = None
