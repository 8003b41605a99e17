"""CSV and TSV as people write them: stray quotes, other delimiters, spreadsheets."""

import csv
import io
from pathlib import Path

import pytest

from adue.datasets import read_file
from adue.datasets.file_formats.cells import to_rows
from adue.datasets.file_formats.chunks import CHUNK_ROWS, column_names
from adue.datasets.file_formats.formats import read_chunks, write_chunks
from adue.foundation.errors import DataError, DataWarning


def rows_of(path: Path, content: str | bytes) -> list[list[str]]:
    """Return what both readers make of a file."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    rows = [list(row.values()) for chunk in read_chunks(path) for row in to_rows(chunk)]
    assert [list(row.values()) for row in read_file(path).to_list()] == rows
    return rows


def many(delimiter: str, *, rows: int = 120, start: str = "", end: str = "") -> str:
    """Return rows of text and label, with something before the third text and behind the eighth."""
    lines = [f"text{delimiter}label"]
    for number in range(rows):
        text = f"{start if number == 2 else ''}good film {number}{end if number == 7 else ''}"
        lines.append(f"{text}{delimiter}{number % 2}")
    return "\n".join(lines) + "\n"


class TestTabs:
    @pytest.mark.parametrize(
        ("text", "read"),
        [
            ('"good film', '"good film'),
            ('good film"', 'good film"'),
            ('a "good" film', 'a "good" film'),
            ('"good" film', '"good" film'),
            ('"good', '"good'),
            ('" good " film " ', '" good " film " '),
            ('"', '"'),
            ('"good film"', "good film"),
            ('"a ""good"" film"', 'a "good" film'),
            ('"with all this stuff \\"so called\\"."', '"with all this stuff \\"so called\\"."'),
            ("a\rb", "a\rb"),
        ],
    )
    def test_a_quote_is_part_of_the_text_unless_it_quotes_all_of_it(self, tmp_path: Path, text: str, read: str) -> None:
        content = f"text\tlabel\n{text}\t1\nother\t0\n"
        assert rows_of(tmp_path / "rows.tsv", content) == [[read, "1"], ["other", "0"]]

    def test_a_stray_quote_swallows_no_rows(self, tmp_path: Path) -> None:
        rows = rows_of(tmp_path / "rows.tsv", many("\t", start='"', end=' said "he" so'))
        assert len(rows) == 120
        assert rows[2] == ['"good film 2', "0"]

    def test_a_quote_that_another_row_may_close_is_one_line(self, tmp_path: Path) -> None:
        with pytest.raises(
            DataError, match=r"rows\.tsv: the quote at line 4 is part of that text, or opens one that ends"
        ):
            rows_of(tmp_path / "rows.tsv", many("\t", start='"', end='"'))

    def test_texts_with_tabs_or_lines_are_read_where_they_are_quoted(self, tmp_path: Path) -> None:
        content = 'id\ttext\n1\t"a\tb"\n2\t"two\nlines, ""so"""\n"3"\t"both\tof\nthem"\n'
        assert rows_of(tmp_path / "rows.tsv", content) == [
            ["1", "a\tb"],
            ["2", 'two\nlines, "so"'],
            ["3", "both\tof\nthem"],
        ]

    def test_a_header_in_quotes_says_that_all_is_quoted_as_in_csv(self, tmp_path: Path) -> None:
        assert rows_of(tmp_path / "rows.tsv", '"text"\n"a\nb"\n') == [["a\nb"]]
        with pytest.raises(DataError, match=r"malformed at line 3"):
            rows_of(tmp_path / "rows.tsv", '"text"\na\n"b" c\n')

    def test_one_column_with_a_text_of_several_lines_is_one_line(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"the quote at line 2 is part of that text"):
            rows_of(tmp_path / "rows.tsv", 'text\n"a\nb"\n')

    def test_a_quote_that_is_never_closed_takes_no_more_memory_than_its_row(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.tsv"
        path.write_text(many("\t", rows=3 * CHUNK_ROWS, start='"'))
        assert [len(chunk) for chunk in read_chunks(path)] == [CHUNK_ROWS] * 3

    @pytest.mark.parametrize("text", ["x\n2\ty", "x\r\n2\ty", '"', "a\tb", "\n", "a\rb", ' "a', '"\n"'])
    @pytest.mark.parametrize("names", [["id", "text"], ["text", "id"], ["text"], ["a\tb", "text"], ["a\nb"]])
    def test_what_is_written_here_is_read_here(self, tmp_path: Path, names: list[str], text: str) -> None:
        rows = [dict.fromkeys(names, text), dict.fromkeys(names, "z")]
        with write_chunks(tmp_path / "rows.tsv") as append:
            append(rows)
        assert [row for chunk in read_chunks(tmp_path / "rows.tsv") for row in to_rows(chunk)] == rows


class TestQuotesInCsv:
    def test_that_swallow_rows_are_one_line(self, tmp_path: Path) -> None:
        with pytest.raises(
            DataError, match=r"rows\.csv: the quote at line 4 ends at line 9, and every line between looks like a row"
        ):
            rows_of(tmp_path / "rows.csv", many(",", start='"', end='"'))

    @pytest.mark.parametrize("key", ["{}", "row{}", "2026-01-{:02}", "{:08x}-ab"])
    def test_that_swallow_rows_are_found_by_keys_too(self, tmp_path: Path, key: str) -> None:
        texts = ["a", '"b', "c", 'd"', "e"]
        content = "id,text\n" + "".join(f"{key.format(7 * n)},{text}\n" for n, text in enumerate(texts, start=1))
        with pytest.raises(DataError, match=r"the quote at line 3 ends at line 5, and every line"):
            rows_of(tmp_path / "rows.csv", content)

    @pytest.mark.parametrize("content", ['text\n"a\n' + "b\n" * 100_000, '"text\n' + "b\n" * 100_000])
    def test_that_are_never_closed_do_not_read_the_whole_file(self, tmp_path: Path, content: str) -> None:
        with pytest.raises(
            DataError, match=r"is malformed at line \d: a quote is open for 100,000 lines; quote a text"
        ):
            rows_of(tmp_path / "rows.csv", content)

    def test_in_the_middle_of_a_text_are_text(self, tmp_path: Path) -> None:
        assert rows_of(tmp_path / "rows.csv", 'text,label\n5" screen,1\nsaid "no",0\n') == [
            ['5" screen', "1"],
            ['said "no"', "0"],
        ]

    @pytest.mark.parametrize(
        "review",
        [
            "I liked it, really\nbut no",
            "one, two\nthree, four\nfive, six",
            "It cost $1,000\nfor this, 5",
            "First line\n\nlast, line",
            "good\nbad\nfine",
            "a,1\nb\nc,0",
            "It cost\n1,000 of them",
            "Mine is 2,1\nnot 3,0",
        ],
    )
    @pytest.mark.parametrize(
        "names", [["text", "label"], ["label", "text"], ["id", "text", "label"], ["title", "text"]]
    )
    def test_real_texts_of_several_lines_pass(self, tmp_path: Path, names: list[str], review: str) -> None:
        columns = {
            "id": [f"r{n}" for n in range(40)],
            "title": [f"the film number {n}" for n in range(40)],
            "label": [str(n % 2) for n in range(40)],
            "text": [review if n == 20 else f"good film, number {n}" for n in range(40)],
        }
        rows = [[columns[name][n] for name in names] for n in range(40)]
        content = io.StringIO(newline="")
        csv.writer(content).writerows([names, *rows])
        assert rows_of(tmp_path / "rows.csv", content.getvalue()) == rows


class TestDelimiters:
    @pytest.mark.parametrize("delimiter", [";", "|", "\t"])
    @pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    def test_are_those_of_the_header(self, tmp_path: Path, delimiter: str, quoting: int) -> None:
        rows = [["good; very, | \t so", "1"], ["bad, dull", "0"]]
        content = io.StringIO(newline="")
        csv.writer(content, delimiter=delimiter, quoting=quoting).writerows([["text", "label"], *rows])  # type: ignore[arg-type]
        with pytest.warns(
            DataWarning, match=r"rows\.csv: its fields are divided by (';'|'\|'|tabs), as its header says"
        ):
            assert rows_of(tmp_path / "rows.csv", content.getvalue()) == rows

    def test_may_be_commas_in_a_tsv_file(self, tmp_path: Path) -> None:
        with pytest.warns(DataWarning, match=r"divided by ','"):
            assert rows_of(tmp_path / "rows.tsv", 'text,label\n"a, b",1\n') == [["a, b", "1"]]

    def test_of_the_header_are_those_of_every_row(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.csv"
        path.write_text("text;label\na;1\nb; or c;1\n")
        with (
            pytest.warns(DataWarning, match="divided by ';'"),
            pytest.raises(
                DataError, match=r"has 3 fields .* line 3, but its header has 2 \(text, label, divided by ';'\)"
            ),
        ):
            list(read_chunks(path))

    def test_are_not_sought_in_a_name_that_is_quoted_or_divided(self, tmp_path: Path) -> None:
        assert rows_of(tmp_path / "rows.csv", '"a;b"\nx;y\n') == [["x;y"]]
        assert rows_of(tmp_path / "rows.csv", "a;b,c\nx;y,z\n") == [["x;y", "z"]]

    def test_are_not_sought_where_the_rows_do_not_have_them(self, tmp_path: Path) -> None:
        assert rows_of(tmp_path / "rows.csv", "good; or bad\nfine\n") == [["fine"]]


class TestSpreadsheets:
    def test_name_the_delimiter_in_a_line_of_its_own(self, tmp_path: Path) -> None:
        assert rows_of(tmp_path / "rows.csv", "sep=;\r\ntext;label\r\na, b;1\r\n") == [["a, b", "1"]]

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
    @pytest.mark.parametrize("name", ["rows.tsv", "rows.csv"])
    def test_write_a_byte_order_mark_and_utf_16(self, tmp_path: Path, name: str, encoding: str) -> None:
        content = "text,label\r\nnaïve 良い,1\r\n".replace(",", "\t" if name == "rows.tsv" else ",")
        assert rows_of(tmp_path / name, content.encode(encoding)) == [["naïve 良い", "1"]]

    def test_leave_delimiters_behind_the_last_column(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.csv"
        path.write_text("text,label,,\na,1,,\n")
        (chunk,) = read_chunks(path)
        assert (column_names(chunk), to_rows(chunk)) == (["text", "label"], [{"text": "a", "label": "1"}])

    def test_of_another_encoding_are_one_line_with_the_way_to_convert(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.csv"
        path.write_bytes("text,label\n良い,1\n".encode("cp932"))
        with pytest.raises(DataError, match=r"is not UTF-8 at line 2: .*; save the file as UTF-8 \(iconv -f"):
            list(read_chunks(path))
        path.write_bytes("text,label\na,1\n".encode("utf-16")[:-1])
        with pytest.raises(DataError, match=r"is not whole UTF-16: .*; save the file as UTF-8$"):
            list(read_chunks(path))


def test_line_ends_and_nul_inside_a_text_stay(tmp_path: Path) -> None:
    rows = [["a\r\nb", "1"], ["c\rd", "0"], ["e\nf\x00", "1"]]
    content = io.StringIO(newline="")
    csv.writer(content).writerows([["text", "label"], *rows])
    assert rows_of(tmp_path / "rows.csv", content.getvalue()) == rows


def test_a_lone_carriage_return_makes_no_row_and_ends_lines_where_it_ends_all(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"rows\.csv is malformed at line 2: a line end inside a text without quotes; "):
        rows_of(tmp_path / "rows.csv", "text\na\rb\nc\n")
    for name, mark in (("rows.csv", ","), ("rows.tsv", "\t")):
        assert rows_of(tmp_path / name, f"text{mark}label\ra{mark}1\rb{mark}0\r") == [["a", "1"], ["b", "0"]]
