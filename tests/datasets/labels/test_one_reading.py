"""For all names of classes and all columns: every row by one reading, or one line."""

import warnings
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from adue.datasets.labels.column import LabelColumn
from adue.datasets.labels.encode import encode_labels
from adue.datasets.labels.spelling import fold, whole_number
from adue.foundation.errors import DataError

NAMES = st.one_of(
    st.integers(-1, 6).map(str),
    st.sampled_from(["Spam", "spam", "spam ", "HAM", "ham", "true", "False", "1.0", "02", "out-of-scope", "½", "é"]),
    st.text("aAbB1 ", min_size=1, max_size=3).filter(str.strip),
)
CLASSES = st.lists(NAMES, min_size=2, max_size=5, unique=True).map(lambda names: {n: i for i, n in enumerate(names)})


@st.composite
def classes_and_labels(draw: st.DrawFn) -> tuple[dict[str, int], list[str]]:
    """Return classes, and labels of which most are classes in some spelling."""
    label2id = draw(CLASSES)
    known = st.sampled_from(sorted(label2id))
    spelled = st.one_of(known, known.map(str.upper), known.map(lambda name: f" {name}"))
    number = st.integers(0, len(label2id)).flatmap(lambda n: st.sampled_from([str(n), f"{n}.0", f" {n}"]))
    kind = draw(st.sampled_from([known, spelled, number, st.one_of(spelled, number), NAMES]))
    return label2id, draw(st.lists(kind, min_size=1, max_size=8))


def read(columns: dict[str, list[str]], label2id: dict[str, int]) -> dict[str, int] | None:
    """Return the class of every text, None where they are refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = encode_labels({split: LabelColumn(texts) for split, texts in columns.items()}, label2id)
        except DataError:
            return None
    assert not found.unreadable
    return {text: one for split in columns for text, one in zip(columns[split], found.ids[split], strict=True)}


@given(classes_and_labels())
def test_every_label_is_the_class_of_its_name_or_all_are_the_classes_of_their_ids(
    drawn: tuple[dict[str, int], list[str]],
) -> None:
    label2id, texts = drawn
    found = read({"test": texts}, label2id)
    if found is None:
        return
    names = {index: name for name, index in label2id.items()}
    inside = {text: index for text, index in found.items() if index >= 0}
    by_name = all(fold(text) == fold(names[index]) for text, index in inside.items())
    by_id = all(whole_number(text) == index for text, index in inside.items())
    by_truth = all({"false": 0, "true": 1}.get(fold(text)) == index for text, index in inside.items())
    assert by_name or by_id or by_truth
    assert all(fold(text) == "out-of-scope" for text in set(found) - set(inside))


@given(CLASSES, st.data())
def test_every_name_as_it_is_written_is_its_own_class(label2id: dict[str, int], data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.sampled_from(sorted(label2id)), min_size=1))
    assert read({"test": texts}, label2id) == {text: label2id[text] for text in texts}


@given(CLASSES)
def test_all_ids_are_their_own_classes_unless_all_are_names(label2id: dict[str, int]) -> None:
    ids = [str(index) for index in label2id.values()]
    found = read({"test": ids}, label2id)
    assert found is not None
    assert found == {text: int(text) for text in ids} or {fold(text) for text in ids} <= {*map(fold, label2id)}


@given(classes_and_labels(), st.randoms(use_true_random=False), st.data())
def test_the_order_of_rows_and_the_split_they_are_in_make_no_difference(
    drawn: tuple[dict[str, int], list[str]], random: Random, data: st.DataObject
) -> None:
    label2id, texts = drawn
    shuffled = random.sample(texts, len(texts))
    cut = data.draw(st.integers(0, len(texts)))
    assert read({"test": texts}, label2id) == read({"train": shuffled[:cut], "test": shuffled[cut:]}, label2id)
