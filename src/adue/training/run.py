"""From a base model and labelled texts to an adapter on disk that answers as the trained one did."""

import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from datasets import Dataset
from peft import PeftModel
from transformers import set_seed

from adue.datasets import fingerprint, has_pairs, texts_of
from adue.foundation.config import TokenLimit
from adue.foundation.errors import ArtifactError, DataError, DataWarning, ModelError
from adue.foundation.files import move_saved, require_folder
from adue.foundation.texts import Text
from adue.foundation.types import OUT_OF_SCOPE, OUT_OF_SCOPE_NAME, class_ids
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.limits import at_most, token_limit
from adue.models.folder.file_names import ANSWERS_FILE, CONFIG_FILE, HEAD_FILE
from adue.models.folder.read import read_folder
from adue.models.pretrained import LoadedClassifier, canonical_base_model, load_classifier
from adue.models.trained.build import build_model
from adue.training.loop import run_trainer
from adue.training.lora import add_lora
from adue.training.record import TrainingRecord, TrainingResult, library_versions, write_record
from adue.training.settings import MAX_LENGTH, TrainingSettings

PROOF_ROWS = 16
PROOF_TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}
"""How far the reloaded adapter's logits may lie from the trained one's, relative to their size."""


def train_adapter(
    base_model: str,
    train: Dataset,
    validation: Dataset,
    out: Path,
    settings: TrainingSettings,
    *,
    id2label: Mapping[int, str],
    overwrite: bool = False,
    show_progress_bar: bool = False,
) -> TrainingResult:
    """Fine-tune LoRA on `base_model` and write a plain PEFT adapter to `out`; the best validation accuracy is kept.

    A run that was stopped goes on from its last epoch when it is called again with the same settings and data.

    Parameters
    ----------
    train, validation
        Data sets with the columns ``text`` and ``label`` (class ids), and ``text_pair`` where rows are pairs.
    overwrite
        Replace an adapter that lies in `out`.

    Raises
    ------
    DataError
        When a data set is empty, or a label is not a class.
    ModelError
        When the base model cannot be loaded or adapted, or the adapter read back does not answer as it did.
    ArtifactError
        When `out` holds an adapter already, or cannot be written.

    Warns
    -----
    DataWarning
        When the adapter is no better than always answering the commonest class.
    """
    started = time.monotonic()
    if (out / "adapter_config.json").exists() and not overwrite:
        raise ArtifactError(f"{out} holds an adapter already; choose another folder, or give --overwrite")
    require_folder(out)
    for name, rows in {"training": train, "validation": validation}.items():
        _require_classes(rows, len(id2label), name)
    # The record says what was done here, so that another machine can do the same.
    settings = settings.model_copy(update={"bf16": settings.computes_in_bf16})
    set_seed(settings.seed)
    loaded = load_classifier(base_model, id2label=id2label)
    model = add_lora(loaded, settings)
    canonical = canonical_base_model(base_model)
    reading = settings.reading.model_copy(update={"pairs": has_pairs(train)})
    classifier = FrozenClassifier.wrap(
        model.train(), loaded.tokenizer, max_length=_limit(loaded, settings), reading=reading
    )
    checkpoints, data_sha256 = out.parent / f".{out.name}-checkpoints", fingerprint(train)
    identity = {
        "base_model": canonical,
        "settings": settings.to_dict(),
        "data": data_sha256,
        "validation": fingerprint(validation),
    }
    try:
        history, resumed, cut = run_trainer(
            classifier,
            train,
            validation,
            settings,
            checkpoints=checkpoints,
            identity=identity,
            show_progress_bar=show_progress_bar,
        )
        best = max(history, key=lambda epoch: (epoch.validation_accuracy, -epoch.epoch))
        record = TrainingRecord(
            base_model=canonical,
            base_model_revision=loaded.revision,
            id2label=dict(id2label),
            settings=settings,
            max_length=classifier.max_length,
            reading=reading,
            train_rows=len(train),
            validation_rows=len(validation),
            data_sha256=data_sha256,
            best_epoch=best.epoch,
            validation_accuracy=best.validation_accuracy,
            validation_majority_accuracy=_majority(validation),
            history=history,
            versions=library_versions(),
        )
        proof_rows = texts_of(validation)[:PROOF_ROWS]
        _write(model, record, out, lambda folder: _prove(folder, base_model, classifier, proof_rows))
    except OSError as error:
        raise ArtifactError(
            f"cannot write {out}: {error.strerror or error}; fix that and run again, what was trained is kept"
        ) from error
    shutil.rmtree(checkpoints, ignore_errors=True)
    _warn_if_useless(record)
    return TrainingResult(
        adapter=str(out),
        record=record,
        device=str(classifier.device),
        seconds=time.monotonic() - started,
        resumed=resumed,
        limit=classifier.limit,
        texts_cut=cut,
    )


def _limit(loaded: LoadedClassifier, settings: TrainingSettings) -> TokenLimit:
    limit = token_limit(loaded.model, loaded.tokenizer, settings.max_length)
    return limit if settings.max_length else at_most(limit, MAX_LENGTH, "adue train, by default")


def _require_classes(rows: Dataset, classes: int, name: str) -> None:
    labels = class_ids(rows["label"][:])
    outside = (labels < 0) | (labels >= classes)
    if not len(labels):
        raise DataError(f"there are no {name} rows; give at least one")
    if bool(outside.any()):
        first = int(labels[outside][0])
        raise DataError(
            f"{int(outside.sum())} of {len(rows)} {name} rows have a label that is none of the {classes} classes "
            f"('{OUT_OF_SCOPE_NAME if first == OUT_OF_SCOPE else first}'); drop these rows"
        )


def _majority(rows: Dataset) -> float:
    return float(torch.tensor(rows["label"][:]).bincount().max()) / len(rows)


def _write(model: PeftModel, record: TrainingRecord, out: Path, prove: Callable[[Path], None]) -> None:
    """Write beside `out`, prove that the adapter read back answers as the trained one, then move into place."""
    # Only now: PEFT looks the base model up when it saves a checkpoint, and a hub id would send it to the network.
    model.peft_config["default"].base_model_name_or_path = record.base_model
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as temporary:
        folder = Path(temporary)
        model.save_pretrained(str(folder), save_embedding_layers=False)
        write_record(record, folder)
        prove(folder)
        out.mkdir(exist_ok=True)
        # An uncertainty head that lies there was fitted on the adapter that is replaced now.
        for name in (HEAD_FILE, CONFIG_FILE, ANSWERS_FILE):
            (out / name).unlink(missing_ok=True)
        move_saved(folder, out)


def _prove(folder: Path, base_model: str, classifier: FrozenClassifier, texts: Sequence[Text]) -> None:
    reloaded = build_model(read_folder(folder), base_model=base_model)
    batch = classifier.collate(classifier.tokenize(texts))
    _, trained = classifier.forward(batch)
    again = FrozenClassifier.wrap(reloaded.model.to(classifier.device), reloaded.tokenizer).forward(batch)[1]
    difference = (trained.float() - again.float()).abs().max()
    if difference > PROOF_TOLERANCE[classifier.dtype] * (1 + trained.float().abs().max()):
        raise ModelError(
            f"the adapter read back from disk does not answer as the trained one (logits differ by up to "
            f"{float(difference):.2g}): something that was trained was not saved; name it in modules_to_save"
        )


def _warn_if_useless(record: TrainingRecord) -> None:
    if record.validation_accuracy <= record.validation_majority_accuracy:
        warnings.warn(
            f"the adapter is right on {record.validation_accuracy:.1%} of the validation rows, always answering the "
            f"commonest class on {record.validation_majority_accuracy:.1%}: it has learned nothing; try another --lr",
            DataWarning,
            stacklevel=3,
        )
