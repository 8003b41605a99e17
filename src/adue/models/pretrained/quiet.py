"""Silence for one call: transformers prints bars and reports that adue words itself."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub.utils.tqdm import are_progress_bars_disabled, enable_progress_bars
from transformers.utils import logging as transformers_logging


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Silence the bars and reports of transformers in the block; errors still show, all is as before afterwards.

    Downloads keep their bars: nobody should wait for gigabytes in the dark.
    """
    logger = logging.getLogger("transformers")
    level, bars, download_bars = (
        logger.level,
        transformers_logging.is_progress_bar_enabled(),
        not are_progress_bars_disabled(),
    )
    logger.setLevel(logging.ERROR)
    if bars:
        transformers_logging.disable_progress_bar()
        if download_bars:
            enable_progress_bars()
    try:
        yield
    finally:
        logger.setLevel(level)
        if bars:
            transformers_logging.enable_progress_bar()


@contextmanager
def quiet_peft() -> Iterator[None]:
    """Silence what PEFT and transformers say to each other in the block, and what adue checks and words itself."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        warnings.filterwarnings("ignore", message="Found missing adapter keys")
        yield
