"""The words of the manager's page: one file per language, each with every text that the page needs."""

from adue.foundation.languages import Language
from adue.report.texts.en import ENGLISH
from adue.report.texts.ja import JAPANESE
from adue.report.texts.page_texts import PageTexts

TEXTS: dict[Language, PageTexts] = {"en": ENGLISH, "ja": JAPANESE}

__all__ = ["TEXTS", "PageTexts"]
