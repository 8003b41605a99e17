"""``adue_policy.yaml``: which answers go out, bound to the files and the engine that its threshold was set on."""

import hashlib
import json
from datetime import date
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field

from adue.decisions.costs import Costs
from adue.decisions.engine import Engine
from adue.decisions.outcomes import ClassOutcome, OptionName, Outcome, QueueForecast
from adue.decisions.promise import Certified
from adue.foundation.config import Digest, Fraction, FrozenConfig

SCHEMA: Literal["adue/policy/v1"] = "adue/policy/v1"


class BoundTo(FrozenConfig):
    """What the thresholds belong to; None where there is none of it, as for scores from a file."""

    adapter_sha256: Digest | None
    head_sha256: Digest | None
    calibrator_sha256: Digest | None = None
    engine: Engine


class Thresholds(FrozenConfig):
    """Answers with ``u <= accept`` go out; the rest go to a person, or up to ``escalate`` to the dearer model.

    Attributes
    ----------
    rule
        How `u` is compared, which is part of what was certified: rows with the very value go out.
    accept
        None where no answer goes out.
    by_class, by_segment
        Thresholds of their own in place of `accept`: by predicted class, by the value of `segment_column`.
    escalate
        None where nothing is escalated.
    far_from_training
        Answers to texts whose distance from the training rows, as its share of fading in [0, 1], is more go to a
        person; None where that is not looked at.
    """

    rule: Literal["u <= accept"] = "u <= accept"
    accept: float | None
    escalate: float | None = None
    by_class: dict[str, float | None] = Field(default_factory=dict)
    segment_column: str | None = None
    by_segment: dict[str, float | None] = Field(default_factory=dict)
    always_review: tuple[str, ...] = ()
    far_from_training: Fraction | None = None


class Audit(FrozenConfig):
    """Accepted answers that a person reads all the same, drawn at random, to see what the promise came to.

    Attributes
    ----------
    share
        Of the accepted answers, in [0, 1].
    key
        With which texts are hashed for the draw, so that nobody outside can foresee it.
    """

    share: Fraction = 0.0
    key: str = ""


class Validity(FrozenConfig):
    """Until when the policy may be used: a promise holds for one threshold, one population and one period."""

    until: date
    max_rows: int | None = Field(default=None, gt=0)


class Policy(FrozenConfig):
    """Everything that decides what is done with an answer, in one file beside the head.

    Attributes
    ----------
    version
        Counted from 1; every change is a new one.
    option
        The option of the plan that was chosen.
    promise
        What is promised; None where the threshold only costs least.
    chosen, accept_all, review_all, classes, queue
        What the plan found on its labelled rows for the option that was chosen and for the two without a threshold,
        per predicted class, and for the queue; None and empty as in the plan.
    sha256
        Of all the rest; None before it is sealed.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    schema_: Literal["adue/policy/v1"] = Field(default="adue/policy/v1", alias="schema")
    version: int = Field(ge=1)
    option: OptionName
    bound_to: BoundTo
    costs: Costs
    thresholds: Thresholds
    promise: Certified | None = None
    audit: Audit = Audit()
    valid: Validity
    owner: str
    made_on: date
    chosen: Outcome
    accept_all: Outcome
    review_all: Outcome
    classes: tuple[ClassOutcome, ...] = ()
    queue: QueueForecast | None = None
    data_sha256: Digest | None = None
    sha256: Digest | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of everything but itself, as 64 hexadecimal digits."""
        values: dict[str, Any] = self.to_dict()
        values.pop("sha256")
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    def seal(self) -> Self:
        """Return the policy with its own digest."""
        return self.model_copy(update={"sha256": self.digest})
