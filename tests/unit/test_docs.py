"""The docs tell the truth: commands parse, links lead somewhere, settings and error codes exist."""

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer

from tuntas.cli.main import app
from tuntas.language import Language, text
from tuntas.midtrans.errors import GatewayError, GatewayTimeout
from tuntas.settings import Settings
from tuntas.store.alerts import ADVICE, AlertKind
from tuntas.usecases.errors import UseCaseError

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
SETTINGS = {name.upper() for name in Settings.model_fields}

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?tuntas ")
_VARIABLE = re.compile(r"\b(?:MIDTRANS|TUNTAS)_[A-Z_]+\b|\bDATABASE_URL\b")
_AT_LEAST = 10
_GENERATED = re.compile(r"<!-- from the code: commands -->.*?<!-- end -->", re.DOTALL)

every_page = pytest.mark.parametrize("page", PAGES, ids=NAMES)


def test_the_pages_hold_what_is_looked_for_in_them() -> None:
    """Else the tests below would find nothing wrong because they find nothing."""
    found = {
        "command lines": sum(len(list(_command_lines(page))) for page in PAGES),
        "commands mentioned": sum(len(list(_commands_mentioned(page))) for page in PAGES),
        "links": sum(len(_links(page)) for page in PAGES),
        "settings": len({name for page in PAGES for name in _VARIABLE.findall(page.read_text("utf-8"))}),
        "error codes": len({code for page in PAGES for code in _codes(page)}),
        "make targets": sum(len(_targets_named(page)) for page in PAGES),
    }
    assert {what: count for what, count in found.items() if count < _AT_LEAST} == {}


@every_page
def test_every_command_shown_parses(page: Path) -> None:
    for line in _command_lines(page):
        command, words = _command(line)
        command.make_context(line, words)


@every_page
def test_every_command_mentioned_exists_with_its_options(page: Path) -> None:
    for line in _commands_mentioned(page):
        command, words = _command(line)
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known | {"--help"}, line


def test_the_page_of_commands_shows_every_command() -> None:
    shown = set(
        re.findall(r"^## `(tuntas [\w -]+)`$", (DOCS / "commands.md").read_text("utf-8"), re.MULTILINE)
    )
    assert shown == set(_leaves(typer.main.get_command(app), "tuntas"))


@every_page
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in _links(page):
        target, _, anchor = link.partition("#")
        if "://" in link:
            continue
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), link
        assert not anchor or anchor in _anchors(path), link


@every_page
def test_every_setting_named_exists(page: Path) -> None:
    assert set(_VARIABLE.findall(page.read_text("utf-8"))) <= SETTINGS


@pytest.mark.parametrize("path", [".env.example", "docs/en/configuration.md", "docs/id/configuration.md"])
def test_every_setting_is_described(path: str) -> None:
    assert set(_VARIABLE.findall((ROOT / path).read_text("utf-8"))) == SETTINGS


def test_the_example_holds_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every line uncommented nothing differs from a configuration that has only the two keys."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    given = [line.removeprefix("#") for line in lines if re.match(r"#[A-Z_]+=", line)]
    assert {line.partition("=")[0] for line in given} == SETTINGS
    file = tmp_path / "env"
    file.write_text("\n".join(given), "utf-8")
    example = Settings(_env_file=file)  # type: ignore[call-arg]  # pydantic-settings' own argument
    bare = Settings(
        _env_file=None,  # type: ignore[call-arg]  # as above
        midtrans_server_key=example.midtrans_server_key,
        midtrans_client_key=example.midtrans_client_key,
    )
    by_environment = {"midtrans_snap_url", "midtrans_core_url", "midtrans_snap_js_url", "tuntas_base_url"}
    assert example.model_dump(exclude=by_environment) == bare.model_dump(exclude=by_environment)
    for name in ("snap_url", "core_url", "snap_js_url", "base_url"):
        assert getattr(example, name) == getattr(bare, name)


@every_page
def test_every_error_code_shown_has_its_sentence(page: Path) -> None:
    for code in _codes(page):
        for language in Language:
            assert text(f"error.{code}", language, price="", minimum="", left="", reason="", ids="")


@pytest.mark.parametrize("language", Language)
def test_every_error_code_is_shown(language: Language) -> None:
    shown = {code for page in (DOCS / language).glob("*.md") for code in _codes(page)}
    kinds = (*UseCaseError.__subclasses__(), *GatewayError.__subclasses__(), GatewayTimeout)
    assert {kind.code for kind in kinds} <= shown


@pytest.mark.parametrize("language", list(Language))
def test_every_alert_is_explained(language: Language) -> None:
    page = (DOCS / language / "refunds.md").read_text("utf-8")
    assert set(AlertKind) <= set(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE))


def test_every_alert_has_its_advice() -> None:
    assert set(ADVICE) == set(AlertKind)


@every_page
def test_every_make_target_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert _targets_named(page) <= targets


def test_both_languages_have_the_same_pages_with_the_same_parts() -> None:
    english, indonesian = (
        {page.name: _outline(page) for page in (DOCS / language).glob("*.md")} for language in ("en", "id")
    )
    assert english == indonesian


def test_every_dependency_has_its_reason() -> None:
    reasons = set(re.findall(r"`([a-z0-9-]+)`", (DOCS / "decisions.md").read_text("utf-8")))
    for folder in (ROOT, ROOT / "simulator"):
        project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
        needed = [*project["project"]["dependencies"], *project.get("dependency-groups", {}).get("dev", [])]
        assert {re.split(r"[^\w-]", requirement)[0] for requirement in needed} <= reasons


def test_what_comes_from_the_code_is_up_to_date() -> None:
    checked = subprocess.run(
        [sys.executable, ROOT / "scripts" / "docs.py", "--check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def _links(page: Path) -> list[str]:
    found = re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", _prose(page))
    return [link for one, other in found if (link := one or other)]


def _targets_named(page: Path) -> set[str]:
    return set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE))


def _command_lines(page: Path) -> Iterator[str]:
    """Whole command lines in shell blocks."""
    for language, block in _FENCE.findall(_GENERATED.sub("", page.read_text("utf-8"))):
        if language == "sh":
            yield from filter(_COMMAND.match, block.splitlines())


def _commands_mentioned(page: Path) -> Iterator[str]:
    yield from filter(_COMMAND.match, _INLINE.findall(_prose(page)))


def _command(line: str) -> tuple[typer.core.TyperCommand, list[str]]:
    """The command a line runs, and what is left of its words."""
    words = shlex.split(line, comments=True)
    words = words[next(at for at, word in enumerate(words) if word.endswith("tuntas")) + 1 :]
    command = typer.main.get_command(app)
    while words and (inner := getattr(command, "commands", None)) is not None:
        if command.invoke_without_command and words[0] not in inner:
            break
        command = inner[words.pop(0)]
    return command, words


def _leaves(command: typer.core.TyperCommand, name: str) -> Iterator[str]:
    inner = getattr(command, "commands", {})
    for own, found in inner.items():
        yield from _leaves(found, f"{name} {own}")
    if not inner or getattr(command, "invoke_without_command", False):
        yield name


def _codes(page: Path) -> list[str]:
    """In tables that begin with a column of codes, and in rows that begin with a status and its code."""
    content = page.read_text("utf-8")
    tables = re.findall(r"^\| (?:code|kode) \|.*\n(?:\|.*\n)+", content, re.MULTILINE)
    first = [code for table in tables for code in re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)]
    return first + re.findall(r"^\| \d{3} `(\w+)` \|", content, re.MULTILINE)


@cache
def _prose(page: Path) -> str:
    return _FENCE.sub("", _GENERATED.sub("", page.read_text("utf-8")))


def _anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _outline(page: Path) -> list[str]:
    """The levels of headings, and the code blocks apart from their comments."""
    levels = re.findall(r"^(#+) ", _prose(page), re.MULTILINE)
    blocks = _FENCE.findall(page.read_text("utf-8"))
    return levels + [re.sub(r" *#.*", "", block) for kind, block in blocks if kind != "text"]
