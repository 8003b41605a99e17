from collections.abc import Callable
from pathlib import Path

import pytest

from adue import AdueModel, AutoSettings, FitSettings
from adue.models.export import export_onnx
from adue.models.pretrained.quiet import quiet_transformers
from tests.support.adapters import QUICK, labelled_texts, save_tiny_adapter
from tests.support.graphs import trace_once, traced_once

__all__ = ["traced_once"]

SETTINGS: dict[str, AutoSettings | FitSettings] = {"auto": AutoSettings(), "paper": QUICK}
ModelOf = Callable[[str, str], AdueModel]
Exported = Callable[..., Path]


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


@pytest.fixture(scope="session")
def exported(model_of: ModelOf, made_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return a folder with the export of a model, by model_type and form of the head; nobody may write into it."""

    def folder(model_type: str, form: str, *, int8: bool = False) -> Path:
        with pytest.MonkeyPatch.context() as patch:
            trace_once(made_once, patch)
            return export_onnx(model_of(model_type, form), tmp_path_factory.mktemp("served"), int8=int8).parent

    return folder
