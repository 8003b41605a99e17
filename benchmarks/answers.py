"""How far answers move from load to load, what a fault does to them, and what the check costs at load.

A head is fitted to the packaged adapter, or to that in a folder, and the stored answers are compared with those of
later loads: of other types, merged, by ONNX Runtime, exported; and with those of loads that are wrong on purpose.
`ratio` is the processor time of a load without the check over that of one with it.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from adue import AdueModel
from adue.datasets import load_splits
from adue.models.export import OnnxAdueModel, export_onnx
from adue.models.verification.check import Verification
from adue.workflows.demo import copy_packaged_adapter
from measure import parser_of, write

TYPES = (torch.float32, torch.float16, torch.bfloat16)
NOISE = 1e-3
"""By how much of their size another revision of the base model has other weights."""


def loads(adapter: Path, folder: Path) -> Iterator[tuple[str, AdueModel | OnnxAdueModel]]:
    """Yield right loads by name."""
    for dtype in TYPES:
        for merge in (False, True):
            name = f"{str(dtype).removeprefix('torch.')}{' merged' * merge}"
            yield name, AdueModel.from_pretrained(adapter, dtype=dtype, merge=merge, check_answers=False)
    eager = AdueModel.from_pretrained(adapter, check_answers=False)
    eager.classifier.model.get_base_model().set_attn_implementation("eager")  # type: ignore[operator]
    yield "eager attention", eager
    yield "onnx", AdueModel.from_pretrained(adapter, backend="onnx", check_answers=False)
    for int8 in (False, True):
        exported = export_onnx(AdueModel.from_pretrained(adapter), folder / str(int8), int8=int8).parent
        yield f"exported{' int8' * int8}", OnnxAdueModel.from_pretrained(exported, check_answers=False)


def _scale(model: AdueModel, factor: float, part: str) -> None:
    for name, parameter in model.classifier.model.named_parameters():
        if part in name:
            parameter.mul_(factor)


def _other_revision(model: AdueModel) -> None:
    generator = torch.Generator().manual_seed(0)
    for name, parameter in model.classifier.model.named_parameters():
        if "lora_" not in name and "modules_to_save" not in name:
            parameter.mul_(1 + NOISE * torch.randn(parameter.shape, generator=generator))


FAULTS: dict[str, Callable[[AdueModel], None]] = {
    "LoRA acts half as strongly": lambda model: _scale(model, 0.5, "lora_B"),
    "LoRA acts twice as strongly": lambda model: _scale(model, 2.0, "lora_B"),
    "LoRA is not applied": lambda model: _scale(model, 0.0, "lora_B"),
    "base weights moved by 0.1 %": _other_revision,
}


def faults(adapter: Path) -> Iterator[tuple[str, AdueModel]]:
    """Yield wrong loads by name."""
    for name, fault in FAULTS.items():
        model = AdueModel.from_pretrained(adapter, check_answers=False)
        with torch.no_grad():
            fault(model)
        yield name, model


def describe(checked: Verification) -> dict[str, Any]:
    """Return the largest differences of the probe and of the rows."""
    assert checked.probe is not None  # noqa: S101
    rows = [one.difference for one in checked.texts]
    return {
        "probe_logits": float(f"{checked.probe.logits:.2g}"),
        "probe_u": float(f"{checked.probe.uncertainty:.2g}"),
        "rows_logits": float(f"{max(one.logits for one in rows):.2g}"),
        "rows_u": float(f"{max(one.uncertainty for one in rows):.2g}"),
        "changed_rows": sum(one.changed for one in rows),
        "refused_at_load": not checked.probe.within(checked.tolerance),
    }


def cost(adapter: Path, repeats: int) -> dict[str, float]:
    """Return the processor time of loads with and without the check, taken in turn after one of each."""
    pairs = [(_seconds(adapter, check=True), _seconds(adapter, check=False)) for _ in range(repeats + 1)][1:]
    return {
        "ratio": round(statistics.median(without / checked for checked, without in pairs), 3),
        "seconds": round(statistics.median(checked for checked, _ in pairs), 3),
        "seconds_without": round(statistics.median(without for _, without in pairs), 3),
    }


def _seconds(adapter: Path, *, check: bool) -> float:
    started = time.process_time()
    AdueModel.from_pretrained(adapter, check_answers=check)
    return time.process_time() - started


def main() -> None:
    """Run the benchmark."""
    parser = parser_of(__doc__)
    parser.add_argument("--adapter", type=Path, help="folder of another adapter for movie reviews; it gets a new head")
    options = parser.parse_args()
    splits = load_splits("reviews", need=("train", "validation"))
    rows = 500 if options.full else 100
    train, validation = (splits[name].select(range(rows)) for name in ("train", "validation"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        adapter = options.adapter or folder / "adapter"
        if options.adapter is None:
            copy_packaged_adapter(adapter)
        AdueModel.from_pretrained(adapter, with_head=False).fit(train, validation).save_pretrained(adapter)
        texts = validation["text"][:]
        right = {name: describe(model.verify(texts)) for name, model in loads(adapter, folder)}
        wrong = {name: describe(model.verify(texts)) for name, model in faults(adapter)}
        result = {
            "benchmark": "answers",
            "agree": not any(one["refused_at_load"] for one in right.values()),
            "load": cost(adapter, 9 if options.full else 3),
            "right": right,
            "wrong": wrong,
            "versions": {package: version(package) for package in ("adue", "torch", "transformers", "peft")},
        }
    write(result, options.json)


if __name__ == "__main__":
    main()
