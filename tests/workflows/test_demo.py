"""The main job on real text with a real model, as `make demo` runs it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors import safe_open

from adue.foundation.cache import cache_dir
from adue.workflows.demo import ADAPTER, SHIFTED_ROWS, copy_packaged_adapter, demo
from adue.workflows.info import info


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The user's own cache, so that the archive is downloaded once and features are read once."""
    monkeypatch.delenv("ADUE_CACHE_DIR", raising=False)
    yield
    assert cache_dir().is_dir()


def test_the_packaged_adapter_is_a_plain_peft_adapter_of_half_a_megabyte(tmp_path: Path) -> None:
    copy_packaged_adapter(tmp_path / "adapter")
    weights = tmp_path / "adapter" / "adapter_model.safetensors"
    assert weights.stat().st_size < 1_000_000
    with safe_open(weights, framework="pt") as file:
        assert "base_model.model.classifier.weight" in file.keys()  # noqa: SIM118 - not a dict
    described = info(tmp_path / "adapter")
    assert described.base_model == "sentence-transformers/all-MiniLM-L6-v2"
    assert described.training is not None
    assert described.training["validation_accuracy"] > described.training["validation_majority_accuracy"]


@pytest.mark.slow
def test_the_demo_fits_an_uncertainty_and_evaluates_it_in_domain_and_on_shifted_data(tmp_path: Path) -> None:
    result = demo(tmp_path)
    assert (tmp_path / ADAPTER / "adue_head.safetensors").is_file()
    assert Path(result.report).is_file()
    assert (tmp_path / "costs.yaml").is_file()
    assert result.plan.plan.rows + result.plan.set_aside == 2121
    least, everything, nothing = (
        result.plan.plan.outcome(name).cost for name in ("least-cost", "review-all", "accept-all")
    )
    assert least.high < everything.low < nothing.low
    assert result.fit.config.settings.score == "auto"
    assert [table.name for table in result.evaluation.sets] == ["reviews", "products", "editorials", "tweets"]
    assert [table.rows for table in result.evaluation.sets] == [2121, SHIFTED_ROWS, SHIFTED_ROWS, SHIFTED_ROWS]
    for table in result.evaluation.sets:
        assert len(table.scores) == 7
        assert table.human_correlation is not None
        # Any working score ranks errors above correct predictions more often than a coin does.
        assert table.score("adue").auroc.low > 0.5
        assert table.score("softmax-response").auroc.low > 0.5
