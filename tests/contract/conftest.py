from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from adue import AdueModel
from adue.models.pretrained.quiet import quiet_transformers
from tests.support.adapters import fit_quickly, save_tiny_adapter


@pytest.fixture(scope="session")
def adapter_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the folder of a saved adapter by model_type, with a fitted head beside it; made once."""

    @cache
    def adapter(model_type: str) -> Path:
        with quiet_transformers():
            folder = save_tiny_adapter(tmp_path_factory.mktemp(model_type), model_type)
        fit_quickly(AdueModel.from_pretrained(folder)).save_pretrained(folder)
        return folder

    return adapter
