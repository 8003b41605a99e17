"""Grids of heads to train, by name or from a YAML file."""

from itertools import product
from pathlib import Path
from typing import Annotated

from pydantic import Field

from adue.foundation.config.frozen import FrozenConfig
from adue.foundation.config.keys import read_yaml
from adue.foundation.config.settings import AutoSettings, FitSettings, HeadScore, HyperParameters, Seed
from adue.foundation.errors import DataError


class Grid(FrozenConfig):
    """Every combination of the values listed is one head to train.

    Where no score, sharpness or seed is listed, it is that of the settings. Each seed draws its own batches.
    """

    learning_rate: tuple[Annotated[float, Field(gt=0)], ...] = Field(default=(4e-4, 1e-4, 1e-5), min_length=1)
    alpha: tuple[Annotated[float, Field(ge=0)], ...] = Field(default=(0.01, 0.1, 1.0), min_length=1)
    beta: tuple[Annotated[float, Field(ge=0)], ...] = Field(default=(0.01, 0.1, 1.0), min_length=1)
    score: tuple[HeadScore, ...] = ()
    sharpness: tuple[Annotated[float, Field(gt=0)], ...] = ()
    seed: tuple[Seed, ...] = ()

    @property
    def points(self) -> list[HyperParameters]:
        """All combinations, learning rate slowest."""
        axes = {name: getattr(self, name) or (None,) for name in HyperParameters.model_fields}
        return [HyperParameters(**dict(zip(axes, values, strict=True))) for values in product(*axes.values())]

    @classmethod
    def load(cls, name: "str | Path | Grid") -> "Grid":
        """Return the grid called `name` (one of GRIDS), the one in a YAML file, or `name` itself where it is a grid.

        Raises
        ------
        DataError
            When there is neither such a name nor such a file, or the file is not a grid or has a key that no grid has.
        """
        if isinstance(name, Grid):
            return name
        if str(name) in GRIDS:
            return GRIDS[str(name)]
        path = Path(name)
        if path.suffix not in {".yaml", ".yml"} or not path.is_file():
            raise DataError(f"no grid called '{name}'; use {', '.join(GRIDS)} or the path of a .yaml file")
        values = read_yaml(path)
        if not isinstance(values, dict):
            raise DataError(f"{path} must hold the lists learning_rate, alpha and beta, for example 'alpha: [0.1, 1]'")
        lists = {key: value if isinstance(value, list) else [value] for key, value in values.items()}
        return cls.from_dict(lists, file=path)


GRIDS: dict[str, Grid] = {
    "paper": Grid(),
    "fast": Grid(learning_rate=(4e-4, 1e-4), alpha=(0.1,), beta=(0.01, 1.0)),
}
"""Grids by name; ``paper`` is the 27-point grid of the AdUE paper, arXiv 2505.15443 (docs/method.md)."""


def points_to_train(settings: AutoSettings | FitSettings, grid: Grid | None) -> list[HyperParameters]:
    """Return the grid of heads to train, by default the paper's; empty for the score ``auto``.

    Raises
    ------
    DataError
        When ``auto`` is given a grid.
    """
    if settings.takes_grid:
        return (grid or GRIDS["paper"]).points
    if grid is not None:
        raise DataError(f"the score {settings.score} takes no grid; leave it out, or add --preset paper")
    return []
