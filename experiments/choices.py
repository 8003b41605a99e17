"""Sentiment as a question with two letters, asked of a small language model that nobody fine-tuned.

The adapter is fresh (LoRA with B = 0), which makes a real PEFT model of this task whose answers are the base model's.
"""

import argparse
from pathlib import Path

import torch
from datasets import Dataset
from peft import LoraConfig, TaskType, get_peft_model
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from transformers import AutoModelForCausalLM, AutoTokenizer

from adue import FitSettings
from adue.datasets import load_splits
from adue.foundation.config import PRESETS
from adue.foundation.types import FeatureSet
from adue.metrics import auroc
from adue.models.pretrained import quiet_peft, resolve_base_model
from adue.models.tasks.choices import AdueModelForMultipleChoice, multiple_choice_prompt
from adue.scores.outputs import softmax_response
from summary import print_table

QUESTION = "Is this sentence from a movie review negative or positive?"
OPTIONS = ("negative", "positive")
SEEDS = range(5)
SETTINGS = {
    "paper": PRESETS["paper"],
    "paper, batches of 32": FitSettings(score="smoothmax", batch_size=32),
    "log_smoothmax, batches of 32": FitSettings(score="log_smoothmax", batch_size=32),
    "auto": PRESETS["auto"],
}
"""In batches of 256, 600 rows give three steps an epoch, and no head gets far from its start."""


def save_fresh_adapter(folder: Path) -> None:
    """Write a LoRA adapter that changes nothing yet, and the tokenizer."""
    base = resolve_base_model("smollm2-135m")
    model = AutoModelForCausalLM.from_pretrained(base)
    config = LoraConfig(task_type=TaskType.CAUSAL_LM, r=8, target_modules=["q_proj", "k_proj", "v_proj"])
    with quiet_peft():
        get_peft_model(model, config).save_pretrained(str(folder))
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)


def rows_of(model: AdueModelForMultipleChoice, rows: Dataset, count: int, cache: Path) -> FeatureSet:
    """Return features of the questions about `count` sentences, the same on every call."""
    chosen = rows.shuffle(seed=0).select(range(count))
    prompts = [multiple_choice_prompt(f"{QUESTION}\n{text}", OPTIONS) for text in chosen["text"][:]]
    return model.extract(prompts, chosen["label"][:], batch_size=16, cache=cache)


def scores(model: AdueModelForMultipleChoice, pool: FeatureSet, test: FeatureSet, seed: int) -> dict[str, float]:
    """Return the AUROC on `test` by score; a third of the pool chooses among the heads fitted on the rest."""
    order = torch.randperm(len(pool), generator=torch.Generator().manual_seed(seed))
    cut = 2 * len(pool) // 3
    train, validation = pool.select(order[:cut]), pool.select(order[cut:])
    found = {"softmax response": softmax_response(test.logits).double().numpy()}
    for name, settings in SETTINGS.items():
        chosen = settings.model_copy(update={"seed": seed})
        fitted = model.fit_features(train, validation, settings=chosen).fitted
        assert fitted is not None  # noqa: S101
        found[f"AdUE, {name}"] = fitted.uncertainty(test.features, test.logits).double().numpy()
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01)).fit(pool.features.numpy(), pool.errors.numpy())
    found["logistic regression on h, the whole pool"] = probe.predict_proba(test.features.numpy())[:, 1]
    return {name: float(auroc(u, test.errors.numpy())) for name, u in found.items()}


def main() -> None:
    """Print accuracy and AUROC."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the adapter and the features are kept")
    parser.add_argument("--pool", type=int, default=900, help="training rows to fit and choose heads on")
    parser.add_argument("--test", type=int, default=600)
    given = parser.parse_args()
    adapter = given.folder / "choices-adapter"
    if not (adapter / "adapter_config.json").is_file():
        save_fresh_adapter(adapter)
    model = AdueModelForMultipleChoice.from_pretrained(adapter, base_model="smollm2-135m", choices=("A", "B"))
    splits = load_splits("sst2", need=("train", "test")).splits
    pool = rows_of(model, splits["train"], given.pool, given.folder / "features")
    test = rows_of(model, splits["test"], given.test, given.folder / "features")
    answers = test.predictions.bincount(minlength=len(OPTIONS)).tolist()
    print(f"head {model.head_path}; {len(pool)} rows to fit and choose on, {len(test)} test rows")
    print(f"accuracy {1 - test.errors.double().mean():.1%}, {int(test.errors.sum())} errors, answers A/B: {answers}")
    runs = [scores(model, pool, test, seed) for seed in SEEDS]
    print_table("multiple choice", runs)
    model.save_pretrained(adapter)


if __name__ == "__main__":
    main()
