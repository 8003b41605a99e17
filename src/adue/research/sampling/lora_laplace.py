"""LoRA-Laplace: a posterior over the weights of a LoRA adapter, and what its draws say about texts.

Yang et al. 2023, "Bayesian Low-rank Adaptation for Large Language Models", arXiv 2308.13111. The posterior is
laplace-torch's: Kronecker factors of the Fisher for every LoRA matrix, with weights shared over tokens reduced before
they are multiplied (Eschenhagen et al. 2023, arXiv 2311.00636). Predictions are those of the model linearised in its
LoRA weights, as in the paper and as the Fisher assumes (Immer et al. 2021, arXiv 2008.08217): a draw delta gives the
logits ``f(x) + J(x) delta``. The product is computed forwards, for all draws at once and without the Jacobian, so that
its cost does not grow with the number of classes.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from peft import LoraConfig, PeftModel
from torch import Tensor, nn
from torch.func import functional_call, jvp, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.data import DataLoader

from adue.foundation.digests import tensors_sha256
from adue.foundation.errors import DataError, ModelError
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.inner import evaluation_mode
from adue.models.features.shards import Progress, in_shards, like_length
from adue.models.pretrained.tokens import Encoding
from adue.research.methods.bayesian import set_prior_precision
from adue.research.methods.laplace_torch import laplace_torch, without_reminders

SAMPLES = 10
MAX_ROWS = 1000
EXACT_CLASSES = 5
"""Up to this many classes the Fisher is exact, at one backward pass per class; above, from one drawn answer per row."""
LABELS = "labels"


@dataclass(frozen=True)
class LoraDraws:
    """Weights drawn from the posterior of a LoRA adapter.

    Attributes
    ----------
    deviations
        How far each draw lies from the trained weights, by parameter name; the first dimension counts draws.
    prior_precision
        Of the Gaussian prior with the highest marginal likelihood.
    """

    deviations: Mapping[str, Tensor]
    prior_precision: float

    @property
    def samples(self) -> int:
        """Number of draws."""
        return len(next(iter(self.deviations.values())))


def draw_lora_weights(
    classifier: FrozenClassifier,
    texts: Sequence[str],
    labels: Sequence[int],
    *,
    samples: int = SAMPLES,
    max_rows: int = MAX_ROWS,
    seed: int = 0,
    batch_size: int = 16,
) -> LoraDraws:
    """Return weights of the active LoRA adapter drawn from its Laplace posterior; the model is left as it was.

    Parameters
    ----------
    texts, labels
        The adapter's training rows. At most `max_rows` of them, drawn with `seed`, are read; they stand for all of
        them, so that the posterior is as narrow as all rows together make it.

    Raises
    ------
    ModelError
        When the classifier has no plain LoRA adapter.
    DataError
        When there are no rows.
    MissingExtraError
        When laplace-torch is not installed.
    """
    names = _lora_names(classifier)
    if not texts or len(texts) != len(labels):
        raise DataError(f"a posterior needs labelled training rows; got {len(texts)} texts and {len(labels)} labels")
    generator = torch.Generator(classifier.device).manual_seed(seed)
    chosen = torch.randperm(len(texts), generator=torch.Generator().manual_seed(seed))[:max_rows].tolist()
    encodings = classifier.tokenize([texts[row] for row in chosen])
    batches = _batches(classifier, encodings, [labels[row] for row in chosen], batch_size)
    with evaluation_mode(classifier.model), only_learning(classifier.model, names), without_reminders():
        posterior = _posterior(classifier, share=len(chosen) / len(texts))
        posterior.fit(batches)
        set_prior_precision(posterior)
        draws = posterior.sample(samples, generator) - posterior.mean
    return LoraDraws(_by_name(classifier.model, names, draws.cpu()), float(posterior.prior_precision))


def lora_laplace_logits(
    classifier: FrozenClassifier,
    texts: Sequence[str],
    draws: LoraDraws,
    *,
    batch_size: int = 32,
    cache: Path | None = None,
    on_progress: Progress | None = None,
) -> Float[Tensor, "samples rows classes"]:
    """Return the logits of `texts` for every draw, ``f(x) + J(x) delta``, in float32.

    Parameters
    ----------
    cache
        Folder for finished shards, as in :func:`adue.models.features.extract.extract`.

    Raises
    ------
    ModelError
        When the classifier is not the one whose weights were drawn.
    """
    names = _lora_names(classifier)
    if set(names) != set(draws.deviations):
        raise ModelError("these weights were drawn for another adapter; draw them again with draw_lora_weights")
    folder = cache and cache / classifier.fingerprint / f"lora-laplace-{tensors_sha256(draws.deviations)[:32]}"

    def compute(rows: Sequence[Encoding]) -> Tensor:
        return _run(classifier, rows, draws, batch_size)

    shards = list(in_shards(classifier, texts, compute, folder=folder, on_progress=on_progress))
    empty = torch.empty(0, draws.samples, classifier.head.shape.num_labels)
    return torch.cat([empty, *shards]).movedim(1, 0)


@contextmanager
def only_learning(model: nn.Module, names: Sequence[str]) -> Iterator[None]:
    """Let only the parameters called so require gradients in the block; restore flags and gradients after it."""
    before = [(parameter, parameter.requires_grad, parameter.grad) for parameter in model.parameters()]
    try:
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name in names)
            parameter.grad = None
        yield
    finally:
        for parameter, learns, gradient in before:
            parameter.requires_grad_(learns)
            parameter.grad = gradient


class _LogitsOf(nn.Module):
    """A classifier as laplace-torch calls it: one batch in, which may hold labels; logits out."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        inputs = {name: values for name, values in batch.items() if name != LABELS}
        logits: Tensor = self.model(**inputs).logits
        return logits


def _lora_names(classifier: FrozenClassifier) -> list[str]:
    """Return the names of the active adapter's LoRA matrices, in the order of the model's parameters."""
    classifier.require_adapter()
    config = classifier.model.peft_config[str(classifier.adapter)] if isinstance(classifier.model, PeftModel) else None
    ends = tuple(f".lora_{part}.{classifier.adapter}.weight" for part in "AB")
    names = [name for name, _ in classifier.model.named_parameters() if name.endswith(ends)]
    if not isinstance(config, LoraConfig) or config.use_dora or not names:
        given = "no adapter" if config is None else "DoRA" if getattr(config, "use_dora", False) else config.peft_type
        raise ModelError(
            f"LoRA-Laplace needs a LoRA adapter, this classifier has {getattr(given, 'value', given)}; "
            "leave lora-laplace out for it"
        )
    return names


def _batches(
    classifier: FrozenClassifier, encodings: Sequence[Encoding], labels: Sequence[int], batch_size: int
) -> DataLoader[Any]:
    """Return labelled batches of like length: padding would count among the tokens that a factor averages."""

    def collate(rows: Sequence[int]) -> Any:
        batch: Any = classifier.collate([encodings[row] for row in rows])
        batch[LABELS] = torch.tensor([labels[row] for row in rows])
        return batch

    batches = [rows.tolist() for rows in like_length(encodings, batch_size)]
    dataset: Any = range(len(encodings))
    return DataLoader(dataset, batch_sampler=batches, collate_fn=collate)


def _posterior(classifier: FrozenClassifier, share: float) -> Any:
    """Return the unfitted posterior; with a share of the rows as temperature the likelihood counts as that of all."""
    return laplace_torch().Laplace(
        _LogitsOf(classifier.model),
        "classification",
        subset_of_weights="all",
        hessian_structure="kron",
        temperature=share,
        backend_kwargs={"stochastic": classifier.head.shape.num_labels > EXACT_CLASSES},
        asdl_fisher_kwargs={"kfac_approx": "reduce"},
    )


def _by_name(model: nn.Module, names: Sequence[str], draws: Float[Tensor, "samples weights"]) -> dict[str, Tensor]:
    shapes = [model.get_parameter(name).shape for name in names]
    parts = draws.split([shape.numel() for shape in shapes], dim=-1)
    return {name: part.reshape(len(draws), *shape) for name, part, shape in zip(names, parts, shapes, strict=True)}


def _run(
    classifier: FrozenClassifier, rows: Sequence[Encoding], draws: LoraDraws, batch_size: int
) -> Float[Tensor, "rows samples classes"]:
    model = classifier.model
    weights = {name: model.get_parameter(name).detach() for name in draws.deviations}
    deviations = {name: delta.to(weights[name]) for name, delta in draws.deviations.items()}
    logits = torch.empty(len(rows), draws.samples, classifier.head.shape.num_labels)
    # The fused kernels of attention have no forward-mode derivative.
    with evaluation_mode(model), torch.no_grad(), sdpa_kernel(SDPBackend.MATH), without_reminders():
        for chosen in like_length(rows, batch_size):
            batch = dict(classifier.collate([rows[row] for row in chosen.tolist()]))
            logits[chosen] = _linearise(model, batch, weights, deviations).float().cpu().movedim(0, 1)
    return logits


def _linearise(
    model: nn.Module, batch: dict[str, Tensor], weights: dict[str, Tensor], deviations: dict[str, Tensor]
) -> Float[Tensor, "samples rows classes"]:
    """Return f(x) + J(x) delta for every delta, from one pass that carries all of them along."""

    def answer(changed: dict[str, Tensor]) -> Tensor:
        logits: Tensor = functional_call(model, changed, (), batch).logits
        return logits

    def shift(delta: dict[str, Tensor]) -> Tensor:
        logits, change, *_ = jvp(answer, (weights,), (delta,))
        linearised: Tensor = logits + change
        return linearised

    result: Tensor = vmap(shift)(deviations)
    return result
