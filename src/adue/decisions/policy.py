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
from adue.foundation.config import Digest, FrozenConfig


class BoundTo(FrozenConfig):
    """What the thresholds belong to."""

    adapter_sha256: Digest
    head_sha256: Digest
    engine: Engine


class Thresholds(FrozenConfig):
    """Answers with ``u <= accept`` go out; the rest go to a person, or up to ``escalate`` to the dearer model.

    Attributes
    ----------
    rule
        How `u` is compared, which is part of what was certified: rows with the very value go out.
    accept
        None where no answer goes out.
    escalate
        None where nothing is escalated.
    always_review
        Classes whose answers never go out.
    """

    rule: Literal["u <= accept"] = "u <= accept"
    accept: float | None
    escalate: float | None = None
    always_review: tuple[str, ...] = ()


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
    valid: Validity
    owner: str
    made_on: date
    chosen: Outcome
    accept_all: Outcome
    review_all: Outcome
    classes: tuple[ClassOutcome, ...] = ()
    queue: QueueForecast | None = None
    sha256: Digest | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of everything but itself, as 64 hexadecimal digits."""
        # Without what is as by default, so that a key that a later adue adds leaves older policies as they are.
        values: dict[str, Any] = self.model_dump(mode="json", exclude_defaults=True, exclude={"sha256"})
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    def seal(self) -> Self:
        """Return the policy with its own digest."""
        return self.model_copy(update={"sha256": self.digest})
