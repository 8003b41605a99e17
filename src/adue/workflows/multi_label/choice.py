"""Which jobs a folder needs: those for one class per text, or those for several labels. The one place that asks.

Light to import: the command line asks before anything heavy is loaded.
"""

from pathlib import Path

from adue.models.folder.find import find_folder
from adue.models.folder.saved_labels import has_label_heads, is_multi_label


def fits_labels(adapter: str | Path, *, asked: bool) -> bool:
    """Return whether heads for several labels are to be fitted to `adapter`: by the user's word, or by the folder's."""
    return asked or is_multi_label(find_folder(adapter))


def has_labels(adapter: str | Path) -> bool:
    """Return whether the heads beside `adapter` are those of several labels per text."""
    return has_label_heads(find_folder(adapter))
