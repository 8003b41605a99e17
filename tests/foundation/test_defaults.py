import re
from pathlib import Path

import adue
from adue.foundation import defaults

SOURCES = Path(adue.__file__).parent


def code() -> dict[str, str]:
    found = {str(path.relative_to(SOURCES)): path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py")}
    del found["foundation/defaults.py"]
    return found


def files_with(pattern: str) -> list[str]:
    return sorted(name for name, text in code().items() if re.search(pattern, text, re.MULTILINE))


def test_no_other_module_defines_a_number_of_the_shared_ones_again() -> None:
    names = [name for name in vars(defaults) if name.isupper()]
    assert names
    assert files_with(rf"^({'|'.join(names)})\b.*=") == []


def test_shared_numbers_are_not_written_out_in_other_modules() -> None:
    assert files_with(r"resamples\b.*= ?1_?000\b") == []
    # A bare fifth is the share of test rows there, another fact.
    assert set(files_with(r"test_size=0\.2\b")) <= {"datasets/named/vader.py"}
    assert files_with(r"\[0\.025, 0\.975\]|TOLERANCE = 1e-3") == []
