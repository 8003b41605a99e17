import pytest
import torch

from adue.training import TrainingSettings


@pytest.mark.parametrize("asked", [True, False])
def test_what_is_asked_for_is_done(asked: bool) -> None:
    assert TrainingSettings(bf16=asked).computes_in_bf16 is asked


@pytest.mark.skipif(torch.cuda.is_available(), reason="about processors")
@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ({"avx512_bf16": True}, True),
        ({"amx_bf16": True}, True),
        ({"avx512_f": True, "amx_bf16": False}, False),
        ({}, False),
    ],
)
def test_bfloat16_is_used_where_the_processor_has_units_for_it(
    monkeypatch: pytest.MonkeyPatch, units: dict[str, bool], expected: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: units, raising=False)
    assert TrainingSettings().computes_in_bf16 is expected
