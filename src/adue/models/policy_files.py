"""``adue_policy.yaml`` beside a head: written whole, the version before kept, and refused where a hand changed it."""

from pathlib import Path

import yaml

from adue.decisions.policy import Policy
from adue.foundation.config import read_yaml
from adue.foundation.errors import ArtifactError, DataError
from adue.foundation.files import atomic_write
from adue.models.folder.file_names import POLICY_FILE

CURE = "set it again with adue policy set"


def has_policy(folder: Path) -> bool:
    """Return whether `folder` holds a policy."""
    return (folder / POLICY_FILE).is_file()


def load_policy(folder: Path) -> Policy:
    """Return the policy in `folder`.

    Raises
    ------
    ArtifactError
        When there is none, it is damaged, of another schema, or was changed after it was set.
    """
    path = folder / POLICY_FILE
    if not has_policy(folder):
        raise ArtifactError(f"{folder} holds no policy; set one with adue policy set")
    try:
        values = read_yaml(path)
        if not isinstance(values, dict):
            raise ArtifactError(f"{path} is no policy; {CURE}")
        policy = Policy.from_dict(values)
    except DataError as error:
        raise ArtifactError(f"{path} is damaged: {error}; {CURE}") from error
    if policy.sha256 != policy.digest:
        raise ArtifactError(f"{path} was changed after it was set, which no promise survives; {CURE}")
    return policy


def save_policy(policy: Policy, folder: Path) -> Policy:
    """Write `policy` into `folder` as the next version, keep the one before as ``adue_policy_vN.yaml``, and return it.

    Raises
    ------
    ArtifactError
        When the policy before is damaged, or a file cannot be written.
    """
    path, version = folder / POLICY_FILE, 1
    if has_policy(folder):
        before = load_policy(folder)
        version = before.version + 1
        _write(folder / f"{path.stem}_v{before.version}.yaml", path.read_text(encoding="utf-8"))
    sealed = policy.model_copy(update={"version": version}).seal()
    _write(path, yaml.safe_dump(sealed.to_dict(), sort_keys=False, allow_unicode=True))
    return sealed


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
