"""Several adapters of one task on one base model in memory, switched by PEFT."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peft import PeftConfig, PeftModel

from adue.foundation.config import TokenLimit
from adue.foundation.errors import DataError, ModelError
from adue.foundation.types import FeatureSet
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.extract import extract
from adue.models.features.inner import active_adapter
from adue.models.features.shards import Progress
from adue.models.folder.limits import recorded_limit
from adue.models.folder.read import read_folder
from adue.models.pretrained import quiet_peft
from adue.models.trained.build import LoadedModel, build_model


def load_members(
    folders: Sequence[Path], *, max_length: int | None = None, **options: Any
) -> tuple[FrozenClassifier, ...]:
    """Return one classifier per adapter, each with its own head, all around the same model in memory.

    Parameters
    ----------
    folders
        Adapters of the same base model, trained for the same classes with the same kind of adapter.
    max_length
        Texts are cut to this many tokens; by default as the first adapter was trained.
    **options
        ``base_model``, ``dtype``, ``device``, ``trust_remote_code``: see
        :func:`adue.models.trained.build.build_model`.

    Raises
    ------
    DataError
        When no folder is given.
    ModelError
        When a folder holds no adapter, or one of another base model or kind.
    ArtifactError
        When an adapter's file is missing or damaged.

    Examples
    --------
    >>> members = load_members(["seed-0", "seed-1"])  # doctest: +SKIP
    >>> [rows.logits.shape for rows in extract_members(members, ["a film to remember"])]  # doctest: +SKIP
    """
    if not folders:
        raise DataError("an ensemble needs at least one adapter; give the folders that adue train wrote")
    first = Path(folders[0])
    loaded = build_model(read_folder(first), **options)
    if not isinstance(loaded.model, PeftModel):
        raise ModelError(f"{first} holds a whole model; the members of an ensemble are adapters of one base model")
    names = [str(active_adapter(loaded.model))]
    for number, folder in enumerate(folders[1:], start=1):
        names.append(_add(loaded, first, Path(folder), f"member-{number}", options.get("base_model")))
    return tuple(_wrap(loaded, name, max_length or recorded_limit(None, loaded.origin.max_length)) for name in names)


def extract_members(
    members: Sequence[FrozenClassifier],
    texts: Sequence[str],
    labels: Sequence[int] | None = None,
    *,
    batch_size: int = 32,
    cache: Path | None = None,
    on_progress: Progress | None = None,
) -> tuple[FeatureSet, ...]:
    """Return what each member says about the same `texts`: its own features and its own head's logits.

    An adapter has the same key in `cache` alone and among others, so what was extracted of it before is read back.
    Progress counts the rows of all members together. The adapter that was active is active again afterwards.
    """
    sets = []
    for member in members:
        with member_active(member):
            sets.append(extract(member, texts, labels, batch_size=batch_size, cache=cache, on_progress=on_progress))
    return tuple(sets)


@contextmanager
def member_active(member: FrozenClassifier) -> Iterator[None]:
    """Make the adapter of `member` the one in force inside the block, and the old one again after it."""
    before = active_adapter(member.model)
    _switch(member.model, member.adapter)
    try:
        yield
    finally:
        _switch(member.model, before)


def _switch(model: Any, adapter: str | None) -> None:
    if adapter != active_adapter(model):
        # Without inference mode PEFT would make the adapter's weights trainable.
        model.set_adapter(adapter, inference_mode=True)


def _wrap(loaded: LoadedModel, adapter: str, max_length: int | TokenLimit | None) -> FrozenClassifier:
    before = active_adapter(loaded.model)
    _switch(loaded.model, adapter)
    try:
        return FrozenClassifier.wrap(
            loaded.model, loaded.tokenizer, max_length=max_length, reading=loaded.origin.reading
        )
    finally:
        _switch(loaded.model, before)


def _add(loaded: LoadedModel, first: Path, folder: Path, name: str, base_model: str | None) -> str:
    """Load one more adapter into the model under `name` and return it."""
    if read_folder(folder).tensors.keys() != read_folder(first).tensors.keys():
        raise ModelError(
            f"{folder} adapts other modules than {first}; train all members of an ensemble with the same settings"
        )
    model: Any = loaded.model
    try:
        config = PeftConfig.from_pretrained(str(folder))
        if base_model is None and config.base_model_name_or_path != loaded.origin.base_model:
            raise ModelError(
                f"{folder} is an adapter of {config.base_model_name_or_path}, {first} of {loaded.origin.base_model}; "
                "the members of an ensemble share one base model, name it with base_model if it only moved"
            )
        with quiet_peft():
            model.load_adapter(str(folder), name)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        # PEFT says what does not fit after a first line that names the model.
        reason = str(error).strip().rsplit("\n", 1)[-1].strip()
        raise ModelError(
            f"the adapter {folder} does not fit beside {first} ({reason}); train both for the same classes"
        ) from error
    model.to(next(model.parameters()).device).eval()
    return name
