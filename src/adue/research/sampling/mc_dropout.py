"""Monte-Carlo dropout: the same rows several times through a classifier whose dropout stays on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from adue.foundation.errors import ModelError
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.inner import evaluation_mode
from adue.models.features.shards import Progress, in_shards, like_length, rows_key
from adue.models.pretrained.tokens import Encoding

PASSES = 10


def mc_dropout_logits(
    classifier: FrozenClassifier,
    texts: Sequence[str],
    *,
    passes: int = PASSES,
    seed: int = 0,
    batch_size: int = 32,
    cache: Path | None = None,
    on_progress: Progress | None = None,
) -> Float[Tensor, "passes rows classes"]:
    """Return the logits of several passes over `texts` with dropout on, in float32 (arXiv 1506.02142).

    Only the model's dropout layers draw, those of the adapter among them, with the probabilities they were trained
    with; everything else is in evaluation mode. Attention that drops inside a fused kernel, without a layer of its
    own, does not. The model is left as it was, the global random state too.

    Parameters
    ----------
    seed
        The same seed, texts and `batch_size` give the same draws.
    cache
        Folder for finished shards, as in :func:`adue.models.features.extract.extract`.

    Raises
    ------
    ModelError
        When no layer of the model drops anything, so that all passes would be the same.
    """
    classifier.require_adapter()
    _require_dropout(classifier.model)
    folder = cache and cache / classifier.fingerprint / f"mc-dropout-{passes}-{seed}-{batch_size}"

    def compute(rows: Sequence[Encoding]) -> Tensor:
        return _run(classifier, rows, passes, seed, batch_size)

    shards = list(in_shards(classifier, texts, compute, folder=folder, on_progress=on_progress))
    empty = torch.empty(0, passes, classifier.head.shape.num_labels)
    return torch.cat([empty, *shards]).movedim(1, 0)


@contextmanager
def dropout_on(model: nn.Module) -> Iterator[None]:
    """Switch dropout layers on and everything else off inside the block; give every module its own mode back."""
    with evaluation_mode(model):
        layers = _dropout_layers(model)
        for layer in layers:
            layer.training = True
        try:
            yield
        finally:
            for layer in layers:
                layer.training = False


def _dropout_layers(model: nn.Module) -> list[_DropoutNd]:
    return [module for module in model.modules() if isinstance(module, _DropoutNd) and module.p > 0]


def _require_dropout(model: nn.Module) -> None:
    if not _dropout_layers(model):
        raise ModelError(
            "no layer of this model drops anything (p = 0 everywhere), so all passes would be the same; "
            "train the adapter with lora_dropout > 0, or leave Monte-Carlo dropout out"
        )


def _run(
    classifier: FrozenClassifier, rows: Sequence[Encoding], passes: int, seed: int, batch_size: int
) -> Float[Tensor, "rows passes classes"]:
    logits = torch.empty(len(rows), passes, classifier.head.shape.num_labels)
    # Seeded by the shard's own texts, so that a run that goes on after a stop draws what it would have drawn.
    with torch.random.fork_rng(), dropout_on(classifier.model), torch.no_grad():
        torch.manual_seed(int(rows_key(rows)[:15], base=16) ^ seed)
        for chosen in like_length(rows, batch_size):
            batch = classifier.collate([rows[row] for row in chosen.tolist()])
            for number in range(passes):
                logits[chosen, number] = classifier.model(**batch).logits.float().cpu()
    return logits
