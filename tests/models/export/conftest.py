from collections.abc import Callable

import pytest

from adue import AdueModel, AutoSettings, FitSettings
from adue.models.pretrained.quiet import quiet_transformers
from tests.support.adapters import QUICK, labelled_texts, save_tiny_adapter

SETTINGS: dict[str, AutoSettings | FitSettings] = {"auto": AutoSettings(), "paper": QUICK}
ModelOf = Callable[[str, str], AdueModel]


@pytest.fixture(scope="session")
def model_of(tmp_path_factory: pytest.TempPathFactory) -> ModelOf:
    """Return a fitted model by model_type and form of the head; made once, and only read."""
    made: dict[tuple[str, str], AdueModel] = {}

    def model(model_type: str, form: str) -> AdueModel:
        key = (model_type, form)
        if key not in made:
            with quiet_transformers():
                made[key] = AdueModel.from_pretrained(save_tiny_adapter(tmp_path_factory.mktemp("made"), model_type))
            rows = labelled_texts(made[key])
            grid = None if form == "auto" else "fast"
            made[key].fit(rows.select(range(100)), rows.select(range(100, 160)), grid=grid, settings=SETTINGS[form])
        return made[key]

    return model
