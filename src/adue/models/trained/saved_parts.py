"""What an adapter's folder holds that takes the place of its base model's own: a tokenizer, and embeddings."""

from adue.foundation.errors import ModelError
from adue.models.folder.read import SavedFolder
from adue.models.pretrained import SavedParts, load_tokenizer, quiet_transformers
from adue.models.trained.origin import PREFIX

_TOKENIZER = "tokenizer_config.json"
_VOCABULARIES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "tokenizer.model",
    "sentencepiece.bpe.model",
)
"""What a tokenizer's own words lie in."""

_MATRIX = 2


def saved_parts(saved: SavedFolder, *, trust_remote_code: bool) -> SavedParts:
    """Return the tokenizer and the sizes of the matrices that were saved with an adapter.

    Raises
    ------
    ModelError
        When its tokenizer cannot be read.
    """
    owner = f"the adapter {saved.path}"
    tokenizer = None
    if (saved.path / _TOKENIZER).is_file():
        with quiet_transformers():
            tokenizer = load_tokenizer(str(saved.path), owner, trust_remote_code=trust_remote_code)
    elif alone := [name for name in _VOCABULARIES if (saved.path / name).is_file()]:
        raise ModelError(f"{owner} has a {alone[0]} without its {_TOKENIZER}; copy it there, or remove {alone[0]}")
    return SavedParts(owner, tokenizer, _matrices(saved))


def _matrices(saved: SavedFolder) -> dict[str, int]:
    """Return the rows of every matrix in the file, by the name of its module in the base model."""
    return {
        key.removeprefix(PREFIX).removesuffix(".weight").removesuffix(".base_layer").removesuffix(".token_adapter"): (
            tensor.shape[0]
        )
        for key, tensor in saved.tensors.items()
        if key.endswith(".weight") and len(tensor.shape) == _MATRIX
    }
