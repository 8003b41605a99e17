"""What the jobs have in common: how to load a classifier, how to read data, and where progress goes.

Light to import: the command line makes options before anything heavy is loaded.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from pydantic import Field

from adue.foundation.cache import cache_dir
from adue.foundation.config import FrozenConfig, Reading, TokenLimit
from adue.foundation.errors import ArtifactError

if TYPE_CHECKING:
    from adue.heads.fitted import FittedHead
    from adue.models.model import AdueModel

Model = TypeVar("Model")

DtypeName = Literal["auto", "float32", "bfloat16", "float16"]


class Progress(Protocol):
    """Shows how far a step is; called with what the step does and how many rows or epochs it has."""

    def __call__(self, description: str, total: int | None, /) -> AbstractContextManager[Callable[[int], None]]:
        """Return a block inside which the callable advances the step by the number it is given."""


@contextmanager
def no_progress(_description: str, _total: int | None) -> Iterator[Callable[[int], None]]:
    """Show nothing."""
    yield lambda _: None


class ModelOptions(FrozenConfig):
    """How a classifier is loaded and run; see :meth:`adue.AdueModel.from_pretrained`."""

    base_model: str | None = None
    labels: tuple[str, ...] | None = None
    """Names of the classes in the order of their ids, where neither adapter nor base model knows them."""
    head: str | None = None
    dtype: DtypeName = "auto"
    merge: bool = False
    device: str = "auto"
    """A device of torch; ``auto`` takes CUDA, then MPS, then the processor."""
    backend: Literal["torch", "onnx"] = "torch"
    max_length: int | None = None
    reading: Reading | None = None
    """What is done to texts; the fields that were given go before what is saved with adapter or head."""
    batch_size: int = Field(default=128, gt=0)
    use_cache: bool = True
    """Whether extracted features are kept, so that a stopped job goes on and the next one need not read again."""
    trust_remote_code: bool = False
    check_answers: bool = True
    """Whether a classifier that does not answer as when its head was fitted is refused."""

    @property
    def cache(self) -> Path | None:
        """The folder in which extracted features are kept, None for no folder."""
        return cache_dir() / "features" if self.use_cache else None

    @property
    def chosen_device(self) -> str:
        """The device that a model is loaded on here: what ``auto`` comes to, and for ONNX Runtime the processor.

        Raises
        ------
        ModelError
            When this machine does not have the one asked for.
        """
        from adue.models.devices import choose_device  # noqa: PLC0415

        if self.backend == "onnx" and self.device == "auto":
            return "cpu"
        return str(choose_device(self.device))

    @property
    def asked_length(self) -> TokenLimit | None:
        """How many tokens were asked for; None for nothing."""
        return TokenLimit(tokens=self.max_length, source="--max-length") if self.max_length else None

    def load_fitted(self, adapter: str | Path) -> "tuple[AdueModel, FittedHead]":
        """Return the classifier and its uncertainty head, or raise an ArtifactError where it has none."""
        model = self.load(adapter)
        if model.fitted is None:
            raise no_head(adapter)
        return model, model.fitted

    def load(self, adapter: str | Path, *, with_head: bool = True) -> "AdueModel":
        """Return the classifier and, if there is one and it is wanted, its uncertainty head."""
        from adue.models.model import AdueModel  # noqa: PLC0415

        return self.load_by(AdueModel.from_pretrained, adapter, with_head=with_head)

    def load_by(self, from_pretrained: Callable[..., Model], adapter: str | Path, *, with_head: bool = True) -> Model:
        """Return what `from_pretrained` of a model class makes of the folder `adapter` with these options."""
        import torch  # noqa: PLC0415

        return from_pretrained(
            adapter,
            base_model=self.base_model,
            id2label=dict(enumerate(self.labels)) if self.labels else None,
            head=self.head,
            with_head=with_head,
            dtype=self.dtype if self.dtype == "auto" else getattr(torch, self.dtype),
            merge=self.merge,
            device=self.chosen_device,
            backend=self.backend,
            max_length=self.asked_length,
            reading=self.reading,
            trust_remote_code=self.trust_remote_code,
            check_answers=self.check_answers,
        )


def no_head(adapter: str | Path) -> ArtifactError:
    """Return the error that says that nothing has been fitted to `adapter` yet."""
    return ArtifactError(f"{adapter} has no uncertainty head yet; fit one with adue fit {adapter} --data ...")


@dataclass(frozen=True)
class DataOptions:
    """Which columns to read, and what the data's labels are called by the model."""

    text_column: str | None = None
    label_column: str | None = None
    label_map: Mapping[str, str] = field(default_factory=dict)
    text_pair_column: str | None = None
    """The column of the second texts, where rows are pairs."""
