"""The documents name what there is, all of it, and their examples work."""

import re
from pathlib import Path

import pytest

from midtrans_simulator.scenario import acts, expectations
from midtrans_simulator.scenario.story import read, shipped
from midtrans_simulator.state.faults import KINDS

DOCS = Path(__file__).parents[1] / "docs"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}


def test_every_fault_with_its_options_and_defaults_is_in_the_table() -> None:
    for name, kind in KINDS.items():
        [row] = [line for line in TEXTS["faults.md"].splitlines() if line.startswith(f"| `{name}`")]
        for option, default in kind.options.items():
            assert f"`{option}`" in row, (name, option)
            assert not default or str(default) in row, (name, default)


def test_every_scenario_verb_and_expectation_is_named() -> None:
    text = TEXTS["scenarios.md"]
    assert [name for name in shipped() if f"`{name}`" not in text] == []
    assert [name for name in expectations.EXPECTATIONS if f"`{name}`" not in text] == []
    assert [verb for _, verb in acts._ACTS if verb not in text] == []


def test_the_story_in_the_document_is_one() -> None:
    [story] = re.findall(r"```yaml\n(name: .*?)```", TEXTS["scenarios.md"], re.DOTALL)
    assert len(read(story).steps) == 7


@pytest.mark.parametrize("name", ["clients", "ci"])
def test_both_languages_show_the_same_commands(name: str) -> None:
    english, indonesian = (
        re.findall(r"```\w+\n.*?```", TEXTS[f"{name}{end}.md"], re.DOTALL) for end in ("", ".id")
    )
    assert len(english) == len(indonesian)
    shell = [[block for block in blocks if block.startswith("```sh")] for blocks in (english, indonesian)]
    assert shell[0] == shell[1]


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_links_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXTS[name]):
        assert (DOCS / target).exists(), target
