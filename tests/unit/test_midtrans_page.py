"""What a comment says about Midtrans can be looked up: the sections it cites are in `docs/midtrans.md`."""

import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "midtrans.md").read_text("utf-8")
TITLES = dict(re.findall(r"^##+ ([\d.]+?)\.? (.+)$", PAGE, re.MULTILINE))
"""Of the sections, by number."""
SOURCES = [
    path
    for folder in ("src", "simulator", "tests", "scripts", "migrations", "bench")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".js", ".sh", ".toml", ".md", ".yaml", ".html"} and path != Path(__file__)
]
SIMULATOR = sorted((ROOT / "simulator").rglob("*.py"))

_NUMBER = r"\d{1,2}(?:\.\d)?"
_LIST = rf"{_NUMBER}(?:(?:, | and | to ){_NUMBER})*"
_NAMED = re.compile(r'docs/midtrans\.md`?, ((?:"[^"]+"(?:, | and )?)+)')
_NUMBERED = re.compile(rf"\(({_LIST})\)|\bsections? ({_LIST})")
_ELSEWHERE = re.compile(r"fact sheet|\bthe seed's (?!own)|\(the seed:|seed (?:shows|wants)", re.IGNORECASE)


def test_sections_are_numbered_without_gaps() -> None:
    chapters = [number for number in TITLES if "." not in number]
    assert chapters == [str(number) for number in range(1, len(chapters) + 1)]
    for chapter in chapters:
        sections = [number for number in TITLES if number.startswith(f"{chapter}.")]
        assert sections == [f"{chapter}.{number}" for number in range(1, len(sections) + 1)]
    assert len(set(TITLES.values())) == len(TITLES), "two sections of one name cannot be cited"


def test_every_section_cited_by_name_exists() -> None:
    cited = {
        (path.name, name)
        for path in SOURCES
        for names in _NAMED.findall(one_line(path.read_text("utf-8")))
        for name in re.findall(r'"([^"]+)"', names)
    }
    assert cited, "comments cite this page"
    assert {found for found in cited if found[1] not in TITLES.values()} == set()


def test_every_section_cited_by_number_in_the_simulator_exists() -> None:
    cited = {
        (path.name, number)
        for path in SIMULATOR
        for comment in comments(path)
        for found in _NUMBERED.findall(comment)
        for number in re.findall(_NUMBER, "".join(found))
    }
    assert cited, "the simulator cites this page"
    assert {found for found in cited if found[1] not in TITLES} == set()


def test_no_comment_cites_what_the_reader_does_not_have() -> None:
    cited = {str(path.relative_to(ROOT)): _ELSEWHERE.findall(path.read_text("utf-8")) for path in SOURCES}
    assert {path: found for path, found in cited.items() if found} == {}


@cache
def comments(path: Path) -> tuple[str, ...]:
    """Comments and docstrings, each in one line."""
    return tuple(one_line(text) for text in _comments(path))


def _comments(path: Path) -> Iterator[str]:
    with tokenize.open(path) as source:
        for token in tokenize.generate_tokens(source.readline):
            if token.type == tokenize.COMMENT or (
                token.type == tokenize.STRING and token.string.startswith('"""')
            ):
                yield token.string


def one_line(text: str) -> str:
    return re.sub(r"\s*\n\s*#?\s*", " ", text)
