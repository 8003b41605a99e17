import pytest
import torch
from hypothesis import settings

# Timing of one example says nothing on a shared machine; the same examples on every run.
settings.register_profile("adue", deadline=None, derandomize=True, max_examples=50, print_blob=False)
settings.load_profile("adue")


@pytest.fixture(autouse=True)
def _same_draws() -> None:
    torch.manual_seed(0)
