"""The file of costs that a business owner fills in. Light to import."""

from importlib.resources import files

from adue.foundation.languages import Language


def read_template(lang: Language) -> str:
    """Return the file of costs with example amounts and comments in `lang`, as YAML."""
    return files("adue").joinpath("assets", "costs", f"{lang}.yaml").read_text(encoding="utf-8")
