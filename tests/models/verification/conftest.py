import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adue import AdueModel
from tests.support.adapters import fit_quickly, save_tiny_adapter


@dataclass(frozen=True)
class Saved:
    """Folders of an adapter with a head, and of its base model."""

    adapter: Path
    base: Path

    def load(self, **options: Any) -> AdueModel:
        return AdueModel.from_pretrained(self.adapter, base_model=str(self.base), **options)

    def edit(self, name: str, **values: Any) -> None:
        """Change keys of a JSON file of the adapter, or with ``base/`` in front of the base model."""
        path = self.base / name.removeprefix("base/") if name.startswith("base/") else self.adapter / name
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")


SavedOf = Callable[[str], Saved]


@pytest.fixture(scope="session")
def saved_of(tmp_path_factory: pytest.TempPathFactory) -> SavedOf:
    """Return an adapter with a head, by model_type; made once, and nobody may write there."""
    made: dict[str, Saved] = {}

    def saved(model_type: str) -> Saved:
        if model_type not in made:
            adapter = save_tiny_adapter(tmp_path_factory.mktemp(model_type), model_type)
            fit_quickly(AdueModel.from_pretrained(adapter)).save_pretrained(adapter)
            made[model_type] = Saved(adapter, adapter.parent / "base")
        return made[model_type]

    return saved


@pytest.fixture
def copy_of(saved_of: SavedOf, tmp_path: Path) -> SavedOf:
    """Return a copy of the test's own."""

    def copy(model_type: str) -> Saved:
        saved = saved_of(model_type)
        return Saved(
            shutil.copytree(saved.adapter, tmp_path / "adapter"), shutil.copytree(saved.base, tmp_path / "base")
        )

    return copy
