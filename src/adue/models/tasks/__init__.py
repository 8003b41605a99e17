"""Tasks beyond one class per text: a class per word, and multiple choice answered by a language model."""

from adue.models.tasks.choices import AdueModelForMultipleChoice, multiple_choice_prompt
from adue.models.tasks.tokens import AdueModelForTokenClassification

__all__ = ["AdueModelForMultipleChoice", "AdueModelForTokenClassification", "multiple_choice_prompt"]
