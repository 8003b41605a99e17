"""A policy is read as it was set, each version is kept, and one that a hand changed is refused."""

from pathlib import Path

import pytest

from adue.foundation.errors import ArtifactError
from adue.models.policy_files import load_policy, save_policy
from tests.support.decisions import make_policy

FILE = "adue_policy.yaml"


@pytest.mark.parametrize("option", ["least-cost", "errors-let-through", "accepted-error", "review-share"])
def test_what_is_read_is_what_was_set_to_the_last_bit(option: str, tmp_path: Path) -> None:
    saved = save_policy(make_policy(option), tmp_path)  # type: ignore[arg-type]
    assert load_policy(tmp_path) == saved
    assert load_policy(tmp_path).thresholds.accept == saved.thresholds.accept
    assert saved.sha256 == saved.digest


def test_every_change_is_a_new_version_with_another_digest_and_the_one_before_is_kept(tmp_path: Path) -> None:
    first = save_policy(make_policy(), tmp_path)
    text = (tmp_path / FILE).read_text(encoding="utf-8")
    second = save_policy(make_policy(owner="佐藤"), tmp_path)
    assert (first.version, second.version) == (1, 2)
    assert first.sha256 != second.sha256
    assert (tmp_path / "adue_policy_v1.yaml").read_text(encoding="utf-8") == text
    assert "佐藤" in (tmp_path / FILE).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("owner: A. Sato", "owner: B. Sato"),
        ("  accept: 0", "  accept: 1"),
        ("until: '2027-05-31'", "until: '2037-05-31'"),
        ("max_rows: 50000", "max_rows: 5000000"),
        ("  review: 1.0", "  review: 2.0"),
    ],
)
def test_a_policy_that_a_hand_changed_is_refused(old: str, new: str, tmp_path: Path) -> None:
    save_policy(make_policy(), tmp_path)
    path = tmp_path / FILE
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"was changed after it was set.*adue policy set"):
        load_policy(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no policy"),
        ("- 1", "is no policy"),
        ("schema: adue/policy/v2\n", "is damaged"),
        ("schema: [", "is damaged"),
    ],
)
def test_what_is_no_policy_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ArtifactError, match=message) as raised:
        load_policy(tmp_path)
    assert "\n" not in str(raised.value)


def test_a_folder_without_a_policy_says_how_to_set_one(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="holds no policy; set one with adue policy set"):
        load_policy(tmp_path)
