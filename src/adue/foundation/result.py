"""What every job returns: frozen plain data that prints as JSON."""

from pydantic import BaseModel, ConfigDict


class Result(BaseModel):
    """A frozen result that prints as JSON."""

    model_config = ConfigDict(frozen=True)
