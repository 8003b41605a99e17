import math
import tarfile
import zipfile
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest

from adue.datasets.named.vader import BINARY, FIVE, INNER_ARCHIVE, RatedText, load_domain, load_reviews, read_domain
from adue.foundation.errors import DataError

SIZES = {"reviews": 10_605, "products": 3_708, "editorials": 5_190, "tweets": 4_200}


def small_archive(path: Path, ground_truth: str, ratings: str) -> Path:
    inner = BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as archive:
        for name, content in (("tweets_GroundTruth.txt", ground_truth), ("tweets_anonDataRatings.txt", ratings)):
            member = tarfile.TarInfo(f"hutto_ICWSM_2014/{name}")
            member.size = len(content.encode())
            archive.addfile(member, BytesIO(content.encode()))
    with zipfile.ZipFile(path, "w") as outer:
        outer.writestr(INNER_ARCHIVE, inner.getvalue())
    return path


def test_a_class_is_the_number_of_cuts_that_the_mean_lies_above() -> None:
    assert BINARY.of([-4, 0, 0.05, 4]) == [0, 0, 1, 1]
    assert FIVE.of([-2.05, -2, -1.95, -0.7, 0, 0.7, 0.75, 2, 2.05]) == [0, 0, 1, 1, 2, 2, 3, 3, 4]


def test_ratings_are_joined_by_id_and_left_out_where_their_mean_is_another(tmp_path: Path) -> None:
    path = small_archive(
        tmp_path / "archive.zip",
        "1\t0.5\tone\r\n2\t1.333333333\ttwo\r\n3\t-1\tthree\r\n4\t2\tfour\r\n",
        "\ufeff2\t1.33333\t0.25\t[1]\r\n1\t0.5\t0.1\t[1]\r\n3\t-1.5\t0.3\t[1]\r\n",
    )
    assert [row.std for row in read_domain(path, "tweets")] == [0.1, 0.25, None, None]


def test_texts_are_as_people_saw_them(tmp_path: Path) -> None:
    texts = "1\t1\t &lt;3 you &amp;amp; me \r\n2\t1\tit's ''good'' &amp\r\n"
    path = small_archive(tmp_path / "archive.zip", texts, "")
    assert [row.text for row in read_domain(path, "tweets")] == ["<3 you & me", "it's ''good'' &"]


def test_an_archive_of_another_layout_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"archive\.zip does not hold the reviews: .*; delete it and fetch it again"):
        read_domain(small_archive(tmp_path / "archive.zip", "", ""), "reviews")
    (tmp_path / "other.zip").write_bytes(b"no zip file")
    with pytest.raises(DataError, match=r"other\.zip does not hold the tweets: "):
        read_domain(tmp_path / "other.zip", "tweets")


@pytest.fixture(scope="module")
def domains(archive: Path) -> dict[str, list[RatedText]]:
    return {domain: read_domain(archive, domain) for domain in SIZES}


def test_every_domain_has_as_many_sentences_as_its_authors_say(domains: dict[str, list[RatedText]]) -> None:
    assert {domain: len(rows) for domain, rows in domains.items()} == SIZES


def test_every_mean_is_on_the_scale_and_every_text_says_something(domains: dict[str, list[RatedText]]) -> None:
    rows = [row for domain in domains.values() for row in domain]
    assert all(-4 <= row.mean <= 4 and row.text.strip() == row.text != "" for row in rows)


def test_all_ratings_but_those_of_199_tweets_belong_to_their_text(domains: dict[str, list[RatedText]]) -> None:
    unrated = {domain: sum(row.std is None for row in rows) for domain, rows in domains.items()}
    assert unrated == {"reviews": 0, "products": 0, "editorials": 0, "tweets": 199}


def test_a_known_sentence_has_its_ratings(domains: dict[str, list[RatedText]]) -> None:
    # The ratings of this sentence lie in the archive as -1 0 -1 0 -1 -1 -1 -1 0 -2 1 1 -1 -1 -1.
    assert domains["reviews"][2] == RatedText("3", "Effective but too tepid biopic", -0.6, 0.8)


def test_the_reviews_are_split_70_10_20_into_rows_that_never_change(archive: Path) -> None:
    splits = load_reviews(BINARY)
    assert {name: len(rows) for name, rows in splits.items()} == {"train": 7_423, "validation": 1_061, "test": 2_121}
    assert {name: rows["id"][0] for name, rows in splits.items()} == {
        "train": "8280",
        "validation": "7845",
        "test": "4233",
    }
    assert splits["train"].features["label"].names == ["negative", "positive"]


def test_no_review_stands_in_two_splits(archive: Path) -> None:
    splits = load_reviews(BINARY)
    found = Counter(text for rows in splits.values() for text in set(rows["text"]))
    assert max(found.values()) == 1


def test_both_sets_of_classes_have_the_same_rows_in_the_same_splits(archive: Path) -> None:
    two, five = load_reviews(BINARY), load_reviews(FIVE)
    assert {name: list(rows["id"]) for name, rows in two.items()} == {
        name: list(rows["id"]) for name, rows in five.items()
    }


def test_every_split_has_the_same_shares_of_classes(archive: Path) -> None:
    for classes, tolerance in ((BINARY, 0.02), (FIVE, 0.002)):
        shares = [
            [Counter(rows["label"])[index] / len(rows) for index in range(len(classes.names))]
            for rows in load_reviews(classes).values()
        ]
        for share in zip(*shares, strict=True):
            assert max(share) - min(share) < tolerance


def test_another_domain_is_one_test_split_with_the_raters_mean_and_spread(archive: Path) -> None:
    splits = load_domain("products", BINARY)
    assert list(splits) == ["test"]
    first = splits["test"][0]
    assert first["text"] == "troubleshooting ad-2500 and ad-2600 no picture scrolling b/w."
    assert first["label"] == 0
    assert math.isclose(first["rating_mean"], -0.9)
    assert math.isclose(first["rating_std"], 0.76811)
