"""The list of known failures names tests that exist, and leaves none out."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "known-failures.md").read_text("utf-8")
NAMED = re.findall(r"\[`(test_\w+)`\]\(([\w./-]+)\)", PAGE)
OWN = Path(__file__).parents[1] / "integration" / "test_known_failures.py"


def test_every_known_failure_is_listed_once_and_in_order() -> None:
    listed = re.findall(r"^\| F(\d+) \|", PAGE, re.MULTILINE)
    assert listed == [str(number) for number in range(1, 53)]


def test_every_known_failure_has_a_test() -> None:
    """Or says what is missing, and only mail is."""
    rows = re.findall(r"^\| (F\d+) \|.*\| (.*) \|$", PAGE, re.MULTILINE)
    assert [number for number, proof in rows if not re.search(r"\[`test_\w+`\]", proof)] == ["F25"]


@pytest.mark.parametrize(("name", "path"), NAMED)
def test_every_test_named_exists(name: str, path: str) -> None:
    assert re.search(rf"^(async )?def {name}\(", (DOCS / path).read_text("utf-8"), re.MULTILINE)


def test_every_test_named_after_a_failure_is_listed_beside_it() -> None:
    for name, number in re.findall(r"def (test_f(\d\d)_\w+)\(", OWN.read_text("utf-8")):
        (row,) = re.findall(rf"^\| F{int(number)} \|.*$", PAGE, re.MULTILINE)
        assert f"[`{name}`]" in row
