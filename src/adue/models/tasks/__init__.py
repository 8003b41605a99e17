"""Tasks beyond one class per text: several labels per text, a class per word, and multiple choice."""

from adue.models.tasks.choices import AdueModelForMultipleChoice, multiple_choice_prompt
from adue.models.tasks.multi_label import AdueModelForMultiLabelClassification
from adue.models.tasks.tokens import AdueModelForTokenClassification

__all__ = [
    "AdueModelForMultiLabelClassification",
    "AdueModelForMultipleChoice",
    "AdueModelForTokenClassification",
    "multiple_choice_prompt",
]
