"""Variables of the environment: an empty one counts as not set."""

import os


def set_where_empty(name: str, value: str) -> None:
    """Set the variable `name` to `value` where it is not set, or empty."""
    os.environ[name] = os.environ.get(name) or value
