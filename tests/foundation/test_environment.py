import os

import pytest

from adue.foundation.environment import set_where_empty


@pytest.mark.parametrize(("before", "after"), [(None, "ours"), ("", "ours"), ("theirs", "theirs")])
def test_a_variable_that_is_empty_is_not_set(before: str | None, after: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADUE_TRIED", raising=False)
    if before is not None:
        monkeypatch.setenv("ADUE_TRIED", before)
    else:
        # monkeypatch takes back what it knows of only.
        monkeypatch.setenv("ADUE_TRIED", "x")
        monkeypatch.delenv("ADUE_TRIED")
    set_where_empty("ADUE_TRIED", "ours")
    assert os.environ["ADUE_TRIED"] == after
