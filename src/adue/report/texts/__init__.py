"""The words of the manager's page: one file per language, each with every text that the page needs."""

from typing import Literal

from adue.report.texts.en import ENGLISH
from adue.report.texts.ja import JAPANESE
from adue.report.texts.page_texts import PageTexts

Language = Literal["en", "ja"]

TEXTS: dict[Language, PageTexts] = {"en": ENGLISH, "ja": JAPANESE}

__all__ = ["TEXTS", "Language", "PageTexts"]
