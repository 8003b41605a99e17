import os
from pathlib import Path

import pytest
import torch
from hypothesis import settings

# Timing of one example says nothing on a shared machine; the same examples on every run.
settings.register_profile("adue", deadline=None, derandomize=True, max_examples=50, print_blob=False)
settings.load_profile("adue")

# The suite runs in as many processes as there are cores; threads of tiny matrices would only wait for each other.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run share, for what takes seconds to make; who writes there takes a lock."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "made-once"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(autouse=True)
def _same_draws() -> None:
    torch.manual_seed(0)
