import pytest
import torch
from hypothesis import settings

# Timing of one example says nothing on a shared machine; the same examples on every run.
settings.register_profile("adue", deadline=None, derandomize=True, max_examples=50, print_blob=False)
settings.load_profile("adue")

# The suite runs in as many processes as there are cores; threads of tiny matrices would only wait for each other.
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _same_draws() -> None:
    torch.manual_seed(0)
