"""Options that several commands share, and what they become."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from adue.foundation.config import LongTexts, Reading
from adue.foundation.errors import DataError

if TYPE_CHECKING:
    from adue.workflows.options import DataOptions, ModelOptions

Adapter = Annotated[
    str, typer.Argument(metavar="ADAPTER", help="Folder of a PEFT adapter or whole model, or a hub id.")
]
Data = Annotated[
    str,
    typer.Option(
        help="CSV, TSV, JSON, Parquet or Excel file, folder of splits or shards, [bold]hf:glue/sst2[/bold], or a name "
        "such as [bold]reviews[/bold], [bold]sst2[/bold], [bold]clinc150[/bold] (all are in docs/datasets.md)."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Seed = Annotated[int, typer.Option(help="Seed of everything that is drawn at random.", min=0, max=2**32 - 1)]
NewFolder = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Folder to write to.")]
TextColumn = Annotated[str | None, typer.Option(help="Column with the texts; guessed from its name by default.")]
TextPairColumn = Annotated[
    str | None,
    typer.Option(help="Column with the second texts, where rows are pairs; --text-column alone: single texts."),
]
TextPrefix = Annotated[
    str | None, typer.Option(help="Put before every text, as in training; of a pair before the first.")
]
TextSuffix = Annotated[
    str | None,
    typer.Option(
        help="Put behind every text; special tokens such as </s> count as such; a line break is $'\\n' in bash."
    ),
]
ChatTemplateOption = Annotated[
    Literal["message", "generation"] | None,
    typer.Option(
        "--chat-template",
        help="Read a text as a user's [bold]message[/bold] in the tokenizer's chat template; [bold]generation[/bold] "
        "adds what begins the answer.",
    ),
]
UseCache = Annotated[bool, typer.Option("--cache/--no-cache", help="Keep features, so that a run goes on.")]
BatchSize = Annotated[int, typer.Option(help="Texts per forward pass.", min=1)]


def model_options(
    base_model: Annotated[str | None, typer.Option(help="Base model, where the one the adapter names is gone.")] = None,
    labels: Annotated[
        str | None, typer.Option(help='Names of the classes in the order of their ids: neg,pos; "a, b" in quotes.')
    ] = None,
    head: Annotated[
        str | None, typer.Option(help="Path of the classification head's last layer, if not found.")
    ] = None,
    dtype: Annotated[
        Literal["auto", "float32", "bfloat16", "float16"], typer.Option(help="Type of the base model's weights.")
    ] = "auto",
    merge: Annotated[bool, typer.Option("--merge", help="Merge the adapter: faster, logits change a little.")] = False,
    device: Annotated[
        str, typer.Option(help="Where the model runs, such as cpu or cuda:0; auto: CUDA, then MPS, then the processor.")
    ] = "auto",
    backend: Annotated[
        Literal["torch", "onnx"],
        typer.Option(help="What runs the model; [bold]onnx[/bold]: ONNX Runtime, float32 on a processor."),
    ] = "torch",
    max_length: Annotated[int | None, typer.Option(help="Tokens of a text that are read at once.", min=1)] = None,
    batch_size: BatchSize = 128,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run code a repository ships.")
    ] = False,
    check_answers: Annotated[
        bool, typer.Option(help="Refuse a model that answers otherwise than when its head was fitted.")
    ] = True,
) -> "ModelOptions":
    """Return how to load and run the classifier.

    Raises
    ------
    DataError
        When two classes are given the same name.
    """
    from adue.workflows.options import ModelOptions

    names = None if labels is None else split_names(labels)
    if names is not None and len(set(names)) < len(names):
        raise DataError(f"--labels {labels} names a class twice; give each class a name of its own")
    return ModelOptions(
        base_model=base_model,
        labels=names,
        head=head,
        dtype=dtype,
        merge=merge,
        device=device,
        backend=backend,
        max_length=max_length,
        batch_size=batch_size,
        trust_remote_code=trust_remote_code,
        check_answers=check_answers,
    )


def around_options(
    text_prefix: TextPrefix = None, text_suffix: TextSuffix = None, chat_template: ChatTemplateOption = None
) -> Reading:
    """Return what is put around every text; only the fields that were given are set."""
    return _given(prefix=text_prefix, suffix=text_suffix, chat_template=chat_template)


def reading_options(
    long_texts: Annotated[
        LongTexts | None,
        typer.Option(help="[bold]windows[/bold]: read all of a long text, in parts; the surest part answers."),
    ] = None,
    stride: Annotated[
        int | None, typer.Option(help="Tokens that windows share; by default a quarter of one.", min=0)
    ] = None,
    text_prefix: TextPrefix = None,
    text_suffix: TextSuffix = None,
    chat_template: ChatTemplateOption = None,
) -> Reading:
    """Return what is done to every text before it is read; only the fields that were given are set.

    Raises
    ------
    DataError
        When windows are to share tokens, and there are none.
    """
    if stride is not None and long_texts != "windows":
        raise DataError("--stride is how many tokens windows share; add --long-texts windows, or leave --stride out")
    return _given(
        long_texts=long_texts, stride=stride, prefix=text_prefix, suffix=text_suffix, chat_template=chat_template
    )


def _given(**values: Any) -> Reading:
    return Reading.from_dict({name: value for name, value in values.items() if value is not None})


def _with_cache(make: "Callable[..., ModelOptions]") -> "Callable[..., ModelOptions]":
    """Return `make` with one more option: whether extracted features are kept."""

    def options(*, use_cache: bool, **given: Any) -> "ModelOptions":
        return make(**given).model_copy(update={"use_cache": use_cache})

    more = inspect.Parameter("use_cache", inspect.Parameter.KEYWORD_ONLY, default=True, annotation=UseCache)
    own = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in inspect.signature(make).parameters.values()]
    options.__signature__ = inspect.Signature([*own, more])  # type: ignore[attr-defined]
    return options


cached_model_options = _with_cache(model_options)
"""How to load and run the classifier, for commands that extract features."""


def split_names(names: str) -> tuple[str, ...]:
    """Return the names in a comma-separated list; one that holds a comma stands in double quotes, as in CSV.

    Raises
    ------
    DataError
        When a quote is not closed.

    >>> split_names('neg, "pos, strongly"')
    ('neg', 'pos, strongly')
    """
    import csv

    try:
        row = next(csv.reader([names], skipinitialspace=True, strict=True), [])
    except csv.Error as error:
        raise DataError(f'{names} is no list of names ({error}); write them as neg,pos or "a, b",c') from error
    return tuple(name.strip() for name in row if name.strip())


def data_options(
    text_column: TextColumn = None,
    text_pair_column: TextPairColumn = None,
    label_column: Annotated[str | None, typer.Option(help="Column with the labels; guessed by default.")] = None,
    label_map: Annotated[list[str] | None, typer.Option(help="DATA=MODEL, such as pos=positive; repeatable.")] = None,
) -> "DataOptions":
    """Return how to read the data.

    Raises
    ------
    DataError
        When an entry of the label map is not of the form old=new, or two entries rename the same label.
    """
    from adue.workflows.options import DataOptions

    pairs: dict[str, str] = {}
    for entry in label_map or []:
        old, _, new = entry.partition("=")
        if not (old and new):
            raise DataError("--label-map takes DATA=MODEL, for example --label-map pos=positive")
        if pairs.setdefault(old, new) != new:
            raise DataError(f"--label-map sends '{old}' to '{pairs[old]}' and to '{new}'; keep one")
    return DataOptions(text_column, label_column, pairs, text_pair_column)
