"""How an adapter is trained, as frozen values."""

from collections.abc import Mapping

from pydantic import Field

from adue.foundation.config import Fraction, FrozenConfig, Reading, Seed

MAX_LENGTH = 512
"""Tokens of a text that are read in training, where nobody says and the model allows more: memory grows with them."""


class TrainingSettings(FrozenConfig):
    """LoRA fine-tuning; the defaults are those of the AdUE paper (arXiv 2505.15443), with early stopping added.

    Attributes
    ----------
    target_modules
        Names of the layers that get LoRA; by default query, key and value of the architecture.
    patience
        Epochs without a better validation accuracy before training stops.
    warmup_fraction
        Share of the steps of `max_epochs` during which the learning rate rises; it then falls linearly to 0.
    max_length
        Texts are cut to this many tokens; by default what model and tokenizer allow, MAX_LENGTH at most.
    bf16
        Compute in bfloat16; by default where the machine gains from it.
    reading
        What is done to every text before it is read; whether rows are pairs of texts is decided by the data.
    """

    r: int = Field(default=8, gt=0)
    lora_alpha: int = Field(default=16, gt=0)
    lora_dropout: float = Field(default=0.0, ge=0, lt=1)
    target_modules: tuple[str, ...] | None = Field(default=None, min_length=1)
    learning_rate: float = Field(default=5e-4, gt=0)
    weight_decay: float = Field(default=0.1, ge=0)
    batch_size: int = Field(default=32, gt=0)
    max_epochs: int = Field(default=30, gt=0)
    patience: int = Field(default=5, gt=0)
    warmup_fraction: Fraction = 0.1
    max_length: int | None = Field(default=None, gt=0)
    seed: Seed = 0
    bf16: bool | None = None
    reading: Reading = Reading()

    @property
    def computes_in_bf16(self) -> bool:
        """Whether this machine will compute in bfloat16: as asked, else where it has units for it.

        A processor without them emulates bfloat16 and is slower than in float32.
        """
        import torch  # noqa: PLC0415 - the command line makes settings before it loads torch

        if self.bf16 is not None:
            return self.bf16
        if torch.cuda.is_available():
            return bool(torch.cuda.is_bf16_supported())
        units: Mapping[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
        return bool(units.get("avx512_bf16") or units.get("amx_bf16"))
