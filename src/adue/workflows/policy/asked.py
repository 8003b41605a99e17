"""What a plan is asked for beside the costs: the limits of its promises. Light to import."""

from adue.decisions.costs import DAYS_PER_MONTH, PLANNED_LOAD, Costs
from adue.decisions.promise import CONFIDENCE, Promise
from adue.foundation.config import FrozenConfig
from adue.foundation.defaults import RESAMPLES

ERROR_LIMIT = 0.05
"""Of promises about errors, where nothing else is asked for."""

REVIEW_SHARE = 0.3
"""Of the promise about reviews, where the costs do not say what the reviewers can read."""


class Asked(FrozenConfig):
    """What is asked for.

    Attributes
    ----------
    limit
        Of both promises about errors.
    review_share
        Of the promise about reviews; None for what the reviewers can read, else REVIEW_SHARE.
    confidence
        How often a promise holds at least.
    per_class
        Whether promises are to hold for each predicted class by itself.
    """

    limit: float = ERROR_LIMIT
    review_share: float | None = None
    confidence: float = CONFIDENCE
    per_class: bool = False
    resamples: int = RESAMPLES
    seed: int = 0

    def promises(self, costs: Costs) -> tuple[Promise, ...]:
        """Return the three promises, in the order in which a plan shows them."""
        share = self.review_share or capacity_share(costs) or REVIEW_SHARE
        per_class = self.per_class
        return (
            Promise(kind="errors-let-through", limit=self.limit, confidence=self.confidence, per_class=per_class),
            Promise(kind="accepted-error", limit=self.limit, confidence=self.confidence, per_class=per_class),
            Promise(kind="review-share", limit=share, confidence=self.confidence),
        )


def capacity_share(costs: Costs) -> float | None:
    """Return the share of texts that the reviewers can read at the planned load; None where it is not known or all.

    >>> from adue.decisions.costs import Reviewers
    >>> people = Reviewers(per_day=100)
    >>> round(capacity_share(Costs(error=10, review=1, texts_per_month=10_000, reviewers=people)), 3)
    0.185
    """
    if costs.reviewers is None or costs.texts_per_month is None:
        return None
    per_month = costs.reviewers.per_day * costs.reviewers.working_days / 7 * DAYS_PER_MONTH
    share = PLANNED_LOAD * per_month / costs.texts_per_month
    return share if share < 1 else None
