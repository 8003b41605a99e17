import logging

import pytest
from transformers.utils import logging as transformers_logging

from adue.models.pretrained import quiet_transformers


def state() -> tuple[int, bool]:
    return logging.getLogger("transformers").level, transformers_logging.is_progress_bar_enabled()


def test_the_block_is_quiet_and_everything_is_as_before_after_it() -> None:
    before = state()
    with quiet_transformers():
        assert state() == (logging.ERROR, False)
    assert state() == before


def test_everything_is_as_before_after_an_error_too() -> None:
    before = state()
    with pytest.raises(KeyError), quiet_transformers():
        raise KeyError
    assert state() == before


def test_bars_that_the_user_switched_off_stay_off() -> None:
    transformers_logging.disable_progress_bar()
    try:
        with quiet_transformers():
            pass
        assert not transformers_logging.is_progress_bar_enabled()
    finally:
        transformers_logging.enable_progress_bar()
