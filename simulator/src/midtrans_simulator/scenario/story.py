"""A scenario file: a name, what it is about, and steps that read like a story."""

from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

ACTORS = ("shop", "customer", "bank", "fraud desk", "time", "midtrans", "faults", "expect")
_FIELDS = {"name", "about", "seed", "steps"}


class BadScenario(Exception):
    """The file is no scenario; its text says where and why."""


@dataclass(frozen=True, slots=True)
class Step:
    """`customer: chooses bca_va` is actor, verb and argument; keys beside it are options.

    For `faults` and `expect` the argument is their mapping, and there is no verb.
    """

    actor: str
    verb: str
    argument: Any
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        said = self.argument if isinstance(self.argument, str) else _brief(self.argument)
        aside = f" ({_brief(self.options)})" if self.options else ""
        return " ".join(part for part in (self.actor, self.verb, said) if part) + aside


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    about: str
    steps: list[Step]
    seed: int | None = None


def shipped() -> dict[str, Path]:
    """The scenarios that come with the simulator, by name."""
    folder = Path(str(resources.files("midtrans_simulator") / "scenarios"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load(name_or_path: str) -> Scenario:
    """One that is shipped, or a file. Raises BadScenario."""
    path = shipped().get(name_or_path, Path(name_or_path))
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as problem:
        raise BadScenario(
            f"{name_or_path}: no such scenario, and no such file ({problem.strerror})"
        ) from None
    try:
        return read(text)
    except BadScenario as problem:
        raise BadScenario(f"{path}: {problem}") from None


def read(text: str) -> Scenario:
    """Raises BadScenario."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise BadScenario(f"no YAML: {problem}") from None
    if not isinstance(found, dict) or not isinstance(found.get("steps"), list):
        raise BadScenario("a scenario has a name, and a list of steps")
    unknown = set(found) - _FIELDS
    if unknown:
        raise BadScenario(f"{', '.join(sorted(map(str, unknown)))}: there are {', '.join(sorted(_FIELDS))}")
    seed = found.get("seed")
    if seed is not None and not isinstance(seed, int):
        raise BadScenario("seed is a whole number")
    steps = [_step(number, step) for number, step in enumerate(found["steps"], start=1)]
    return Scenario(str(found.get("name", "")), " ".join(str(found.get("about", "")).split()), steps, seed)


def _step(number: int, written: object) -> Step:
    if not isinstance(written, dict) or not written:
        raise BadScenario(f"step {number}: write it like `- customer: pays`")
    actor, said = next(iter(written.items()))
    if actor not in ACTORS:
        raise BadScenario(f"step {number}: {actor!r} is nobody; there are {', '.join(ACTORS)}")
    options = {str(name): value for name, value in written.items() if name != actor}
    if actor in {"faults", "expect"}:
        if said is not None and not isinstance(said, dict):
            raise BadScenario(f"step {number}: {actor} takes a mapping")
        return Step(actor, "", said or {}, options)
    verb, _, argument = str(said).strip().partition(" ")
    return Step(actor, verb, argument.strip(), options)


def _brief(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_brief(item)}" for name, item in value.items())
    if isinstance(value, list):
        return "[" + ", ".join(map(_brief, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
