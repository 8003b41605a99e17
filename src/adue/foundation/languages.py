"""The languages of what people read who do not read code."""

from typing import Literal

Language = Literal["en", "ja"]
