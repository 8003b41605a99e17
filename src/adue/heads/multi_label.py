"""One U per label of a multi-label classifier: each label is a problem of two classes, no and yes, of its own.

The answer of label l is yes where its logit z is above 0, so its logits as two classes are 0 and z, and its classifier
head has the rows 0 and w of the shared head.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from adue.foundation.config import AutoSettings, FitSettings, Grid, Provenance
from adue.foundation.config.multi_label_config import LabelConfig, MultiLabelConfig
from adue.foundation.defaults import MIN_OF_EACH
from adue.foundation.digests import tensors_sha256
from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.heads.fit import fit_features
from adue.heads.fitted import FittedHead
from adue.heads.head import AdueHead
from adue.heads.kinds import kind_of
from adue.scores.outputs import softmax_response


@dataclass(frozen=True)
class LabelRows:
    """Features and logits of texts, and which labels are true.

    Attributes
    ----------
    rows
        Features and logits, one logit per label; without class ids.
    labels
        Which labels are true; None where that is not known.

    Raises
    ------
    DataError
        When there is not one value per row and label.
    """

    rows: FeatureSet
    labels: Bool[Tensor, "rows labels"] | None = None

    def __post_init__(self) -> None:
        if self.labels is not None and self.labels.shape != self.rows.logits.shape:
            raise DataError(
                f"the labels have shape {tuple(self.labels.shape)}, the logits {tuple(self.rows.logits.shape)}: give "
                "a yes or no for every row and label"
            )

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def predictions(self) -> Bool[Tensor, "rows labels"]:
        """The classifier's answers: yes where the logit is above 0, a probability above one half."""
        return self.rows.logits > 0

    @property
    def errors(self) -> Bool[Tensor, "rows labels"]:
        """True where the answer is wrong for that label.

        Raises
        ------
        DataError
            When the rows have no labels.
        """
        return self.predictions != self.require_labels()

    def require_labels(self) -> Bool[Tensor, "rows labels"]:
        """Return the labels, or raise a DataError where there are none."""
        if self.labels is None:
            raise DataError("these rows have no labels, so nobody knows which answers are wrong; add them")
        return self.labels

    def label(self, index: int) -> FeatureSet:
        """Return the rows as the two classes no (0) and yes (1) of one label."""
        labels = None if self.labels is None else self.labels[:, index].long()
        return replace(self.rows, logits=two_classes(self.rows.logits[:, index]), labels=labels)


def two_classes(logits: Float[Tensor, " rows"]) -> Float[Tensor, "rows 2"]:
    """Return the logits 0 and z of no and yes: their softmax is the sigmoid of z, their argmax is yes above 0."""
    return torch.stack([torch.zeros_like(logits), logits], dim=-1)


def label_head(head: AdueHead, index: int) -> AdueHead:
    """Return the head of one label as one of two classes, of which the first has the logit 0."""
    weights = dict(head.state_dict())
    for name in ("out_weight", "out_bias"):
        if name in weights:
            own = weights[name][index]
            weights[name] = torch.stack([torch.zeros_like(own), own])
    shape = head.shape.model_copy(update={"num_labels": 2})
    return AdueHead.from_weights(shape, weights, head.score, head.sharpness)


@dataclass(frozen=True)
class FittedLabels:
    """What turns features and logits into one U per label.

    Attributes
    ----------
    heads
        One per label, in the order of their ids; None where U is the softmax response.
    config
        What is saved beside them.
    """

    heads: tuple[FittedHead | None, ...]
    config: MultiLabelConfig

    @torch.no_grad()
    def uncertainty(
        self, features: Float[Tensor, "rows hidden"], logits: Float[Tensor, "rows labels"]
    ) -> Float[Tensor, "rows labels"]:
        """Return U in [0, 1] per row and label, float64; higher means that this yes or no is more likely wrong.

        Raises
        ------
        DataError
            When there is not one logit per label, or the features have another width than the heads.
        """
        if logits.shape[-1] != len(self.heads):
            raise DataError(
                f"the rows have {logits.shape[-1]} logits, the heads were fitted to {len(self.heads)} labels; "
                "extract them from the same model"
            )
        columns = [
            softmax_response(pair) if head is None else head.uncertainty(features, pair)
            for head, pair in zip(self.heads, map(two_classes, logits.unbind(dim=-1)), strict=True)
        ]
        return torch.stack([column.double().cpu() for column in columns], dim=-1)


def fit_labels(
    train: LabelRows,
    validation: LabelRows,
    classifier_head: AdueHead,
    *,
    id2label: Mapping[int, str],
    grid: Grid | None = None,
    settings: AutoSettings | FitSettings | None = None,
    provenance: Provenance | None = None,
    device: str | torch.device = "cpu",
    on_epoch: Callable[[int], None] | None = None,
) -> FittedLabels:
    """Return U fitted to each label as :func:`adue.heads.fit.fit_features` fits two classes.

    A label with fewer than two errors or fewer than two right answers among the validation rows gets the softmax
    response for U, and the reason is kept; so does one that trained heads cannot learn from for the same reason.

    Raises
    ------
    DataError
        When rows are not finite or do not match, or no label has errors to learn from.
    """
    settings = settings or AutoSettings()
    heads: list[FittedHead | None] = []
    configs: list[LabelConfig] = []
    for index, name in sorted(id2label.items()):
        seen, held_out = train.label(index), validation.label(index)
        reason = _why_not(seen, held_out, settings)
        fitted = None
        if reason is None:
            fitted = fit_features(
                seen.features,
                seen.logits,
                seen.require_classes(),
                validation=held_out,
                classifier_head=label_head(classifier_head, index),
                grid=grid,
                settings=settings,
                id2label={0: f"not {name}", 1: name},
                device=device,
                on_epoch=on_epoch,
            )
        heads.append(fitted)
        configs.append(
            LabelConfig(
                train_errors=int(seen.errors.sum()),
                validation_errors=int(held_out.errors.sum()),
                head=None if fitted is None else fitted.config,
                reason=reason,
            )
        )
    if not any(heads):
        raise DataError(f"no label can be learned from ({id2label[0]}: {configs[0].reason}); give more rows")
    config = MultiLabelConfig(
        adue_version=version("adue"),
        head_sha256=tensors_sha256(join_tensors(heads)),
        id2label=dict(id2label),
        train_rows=len(train),
        validation_rows=len(validation),
        labels=tuple(configs),
        provenance=provenance,
    )
    return FittedLabels(tuple(heads), config)


def _why_not(train: FeatureSet, validation: FeatureSet, settings: AutoSettings | FitSettings) -> str | None:
    parts = {"validation": validation} | ({"training": train} if kind_of(settings).needs_training_errors else {})
    for where, rows in parts.items():
        wrong = int(rows.errors.sum())
        if min(wrong, len(rows) - wrong) < MIN_OF_EACH:
            return f"{wrong} of {len(rows)} {where} answers are wrong"
    return None


_SHARED = "shared."
"""Before the name of a tensor that is the same in all heads, and is stored once."""


def join_tensors(heads: list[FittedHead | None] | tuple[FittedHead | None, ...]) -> dict[str, Tensor]:
    """Return the tensors of all heads under names of their own; what all have alike is there once.

    See :func:`split_tensors` for the way back.
    """
    states = {
        index: {name: tensor.cpu() for name, tensor in head.uncertainty_head.state_dict().items()}
        for index, head in enumerate(heads)
        if head is not None
    }
    first = next(iter(states.values()), {})
    shared = {
        name: tensor
        for name, tensor in first.items()
        if all(name in state and torch.equal(state[name], tensor) for state in states.values())
    }
    own = {
        f"{index}.{name}": tensor
        for index, state in states.items()
        for name, tensor in state.items()
        if name not in shared
    }
    return {f"{_SHARED}{name}": tensor for name, tensor in shared.items()} | own


def split_tensors(tensors: Mapping[str, Tensor], config: MultiLabelConfig) -> FittedLabels:
    """Return the heads whose tensors :func:`join_tensors` has put together.

    Raises
    ------
    KeyError, RuntimeError
        When the tensors do not fit the configuration.
    """
    shared = {name.removeprefix(_SHARED): tensor for name, tensor in tensors.items() if name.startswith(_SHARED)}
    heads: list[FittedHead | None] = []
    for index, label in enumerate(config.labels):
        if label.head is None:
            heads.append(None)
            continue
        own = {name.removeprefix(f"{index}."): one for name, one in tensors.items() if name.startswith(f"{index}.")}
        found = kind_of(label.head.settings).load(label.head.shape, label.head.settings, shared | own)
        heads.append(FittedHead(found, label.head))
    return FittedLabels(tuple(heads), config)
