"""What ``adue_config.json`` holds where a text may have several labels: one head for each of them."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from adue.foundation.config.frozen import FrozenConfig, SavedConfig
from adue.foundation.config.saved_head_config import AdueConfig, Digest, Provenance

MULTI_LABEL: Literal["multi_label_classification"] = "multi_label_classification"
"""What transformers calls a model with a yes or no per label."""

MULTI_LABEL_VERSION = 4
"""Above the versions of files with one head, so that an adue that knows only these refuses the file."""

Count = Annotated[int, Field(ge=0)]


class LabelConfig(FrozenConfig):
    """What is known of one label's U."""

    train_errors: Count
    """Training rows for which the classifier's yes or no is wrong."""
    validation_errors: Count
    head: AdueConfig | None = None
    """What was fitted, with the classes no and yes; None where U is the softmax response."""
    reason: str | None = None
    """Why nothing was fitted; None where something was."""

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.head is None) == (self.reason is None):
            raise ValueError("a label has either a head or a reason why it has none")
        return self


class MultiLabelConfig(SavedConfig):
    """Everything that ``adue_config.json`` says about the heads of a multi-label classifier."""

    cure: ClassVar[str] = "fit the head again"

    format_version: int = MULTI_LABEL_VERSION
    problem: Literal["multi_label_classification"] = MULTI_LABEL
    adue_version: str
    head_sha256: Digest
    """Of all tensors of all heads."""
    id2label: dict[int, str]
    train_rows: Count
    validation_rows: Count
    labels: tuple[LabelConfig, ...] = Field(min_length=2)
    """In the order of the labels' ids."""
    provenance: Provenance | None = None
    """None where the heads were fitted on arrays and no classifier is known."""

    @model_validator(mode="after")
    def _one_name_each(self) -> Self:
        if sorted(self.id2label) != list(range(len(self.labels))):
            raise ValueError(f"{len(self.labels)} labels need names with the ids 0 to {len(self.labels) - 1}")
        return self

    @property
    def names(self) -> list[str]:
        """Names of the labels, in the order of their ids."""
        return [self.id2label[index] for index in range(len(self.labels))]
