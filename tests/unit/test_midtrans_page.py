"""What a comment says about Midtrans can be looked up: the sections it cites are in `docs/midtrans.md`."""

import re
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

_NAMED = re.compile(r'docs/midtrans\.md`?, ((?:"[^"]+"(?:, | and )?)+)')
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


def test_no_comment_cites_what_the_reader_does_not_have() -> None:
    cited = {str(path.relative_to(ROOT)): _ELSEWHERE.findall(path.read_text("utf-8")) for path in SOURCES}
    assert {path: found for path, found in cited.items() if found} == {}


def one_line(text: str) -> str:
    return re.sub(r"\s*\n\s*#?\s*", " ", text)
