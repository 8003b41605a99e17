"""What a job is given is there: checked by the command line before anything heavy is imported."""

from pathlib import Path

from adue.foundation.errors import ArtifactError, ModelError
from adue.foundation.files import require_file_place, require_folder
from adue.foundation.sources import STANDARD, missing_file, require_source
from adue.models.folder.file_names import EXPORT_FILE
from adue.models.folder.find import find_folder, require_base_model, require_classifier
from adue.models.folder.saved_head import check_answers, check_head, has_head
from adue.models.folder.saved_labels import has_label_heads
from adue.workflows.options import no_head


def check_inputs(
    adapter: str | Path | None = None,
    data: str | Path | None = None,
    *,
    rows: str | None = None,
    base_model: str | None = None,
    folder: Path | None = None,
    file: Path | None = None,
) -> None:
    """Refuse what is missing, in the words of the job itself; None is not checked.

    Parameters
    ----------
    adapter, base_model
        Folder or hub id of a classifier, and of the model below it.
    data, rows
        Labelled data by any name, and a file of rows to score.
    folder, file
        Where something is to be written.

    Raises
    ------
    AdueError
        When something is missing, or nothing can be written where it is to be.
    """
    if folder is not None:
        require_folder(folder)
    if file is not None:
        require_file_place(file)
    if base_model is not None:
        require_base_model(base_model)
    if data is not None:
        require_source(data)
    if rows is not None and rows != STANDARD and not Path(rows).expanduser().exists():
        raise missing_file(rows)
    if adapter is not None:
        require_classifier(find_folder(adapter))


def is_export(adapter: str | Path) -> bool:
    """Return whether `adapter` is a folder that ``adue export`` wrote."""
    return (Path(adapter).expanduser() / EXPORT_FILE).is_file()


def require_answers(adapter: str | Path) -> None:
    """Refuse a classifier without a head, or with one beside which no answers to texts are stored.

    Raises
    ------
    AdueError
        When there is nothing to verify, or a file of the head is missing or damaged.
    """
    folder = find_folder(adapter)
    if not has_head(folder):
        raise no_head(adapter)
    if has_label_heads(folder):
        raise ArtifactError(
            f"{adapter}: no answers are stored with heads of several labels per text; adue verify compares those of "
            "one class per text only"
        )
    answers = check_answers(folder, check_head(folder))
    cure = f"fit the head again with adue fit {adapter} --data ..."
    if answers is None:
        raise ArtifactError(f"{adapter}: no answers are stored with the head, which an older adue fitted; {cure}")
    if not answers.texts:
        raise ArtifactError(f"{adapter}: no answers to texts are stored, the head was fitted on features; {cure}")


def head_folder(adapter: str | Path, out: Path | None) -> Path:
    """Return the folder to put a head into: `out`, by default the adapter's.

    Raises
    ------
    ModelError
        When neither is a folder here.
    """
    folder = out or Path(adapter).expanduser()
    if out is None and not folder.is_dir():
        raise ModelError(
            f"there is no folder '{adapter}' to put the head into; give the folder that holds adapter_config.json, or "
            "--out for an adapter on the hub"
        )
    return folder
