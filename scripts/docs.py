"""Write what the docs take from the code between its markers; `--check` only says what is out of date.

A block begins with `<!-- from the code: NAME -->` and ends with `<!-- end -->`.
"""

import re
import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import typer

from tuntas.cli.main import app
from tuntas.domain.ladder import MEANING, PaymentStatus, Rung
from tuntas.domain.orders import STRONGEST_FIRST
from tuntas.http.errors import HTTP_CODES, status_of
from tuntas.language import Language, rupiah, text
from tuntas.midtrans.errors import (
    GatewayError,
    GatewayMisconfigured,
    GatewayRejected,
    GatewayTimeout,
    GatewayUnavailable,
)
from tuntas.store.invariants import INVARIANTS
from tuntas.usecases import errors
from tuntas.usecases.accounts import MINIMUM_PASSWORD_LENGTH

DOCS = Path(__file__).parents[1] / "docs"
RESULTS = DOCS.parent / "bench" / "results"
BLOCK = re.compile(r"(<!-- from the code: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

OF_OPERATORS: tuple[type[errors.UseCaseError], ...] = (
    errors.NothingToRefund,
    errors.TransactionNeeded,
    errors.RefundTooLarge,
    errors.RefundByHand,
    errors.WholeRefundOnly,
    errors.RefundUnderWay,
    errors.RefundUncertain,
    errors.NoRefundUnderWay,
    errors.ReferenceTaken,
    errors.RefundRefused,
    errors.PackageExists,
    errors.NotAnOrphan,
    errors.NothingToDecide,
)
"""No request of a frontend ends so."""
OF_THE_GATEWAY: tuple[type[GatewayError], ...] = (
    GatewayUnavailable,
    GatewayTimeout,
    GatewayMisconfigured,
    GatewayRejected,
)
OF_HTTP = {code: HTTPStatus(status) for status, code in HTTP_CODES.items()} | {
    "invalid_request": HTTPStatus.UNPROCESSABLE_ENTITY,
    "database_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "internal_error": HTTPStatus.INTERNAL_SERVER_ERROR,
}


def main() -> None:
    """Rewrite every page that differs; with `--check` exit 1 and name them instead."""
    stale = [(page, fresh) for page in pages() if (fresh := rewritten(page)) != page.read_text("utf-8")]
    if "--check" in sys.argv[1:]:
        sys.exit("Run `make docs`: " + ", ".join(page.name for page, _ in stale) if stale else 0)
    for page, fresh in stale:
        page.write_text(fresh, "utf-8")


def pages() -> list[Path]:
    return sorted(DOCS.rglob("*.md"))


def rewritten(page: Path) -> str:
    return BLOCK.sub(lambda found: found[1] + BLOCKS[found["name"]]() + found[3], page.read_text("utf-8"))


def commands() -> str:
    """Every command's own help."""
    root = typer.main.get_command(app)
    return "\n".join(f"## `{name}`\n\n```text\n{helped}\n```\n" for name, helped in _helps(root, "tuntas"))


def _helps(command: typer.core.TyperCommand, name: str) -> Iterator[tuple[str, str]]:
    found = getattr(command, "commands", {})
    for own, inner in found.items():
        yield from _helps(inner, f"{name} {own}")
    if found and not getattr(command, "invoke_without_command", False):
        return
    context = command.make_context(name, [], resilient_parsing=True, help_option_names=["-h", "--help"])
    context.terminal_width = 100
    yield name, "\n".join(line.rstrip() for line in command.get_help(context).splitlines())


def bench_result(name: str) -> str:
    """What the last run of the bench found."""
    return (RESULTS / name).read_text("utf-8")


def bench_lines() -> str:
    """What the bench's smaller programs printed."""
    return "\n".join(
        f"### {found.stem}\n\n```text\n{found.read_text('utf-8').strip()}\n```\n"
        for found in sorted(RESULTS.glob("*.txt"))
    )


def ladder() -> str:
    """The ladder with its highest rung on top, as a ladder stands."""
    rungs = "\n".join(f"{rung.status:<20} {MEANING[rung]}" for rung in sorted(Rung, reverse=True))
    return f"```text\n{rungs}\n```\n"


def status_table(language: Language) -> str:
    """What each status of Midtrans means, highest first, and the word that customers read."""
    head = {
        Language.EN: "| Midtrans | means | shown as |",
        Language.ID: "| Midtrans | berarti | ditampilkan |",
    }
    rows = [
        f"| `{rung.status}` | {MEANING[rung]} | {text(f'status.{MEANING[rung]}', language)} |"
        for rung in sorted(Rung, reverse=True)
    ]
    return "\n".join([head[language], "|---|---|---|", *rows]) + "\n"


COLOURS = {
    PaymentStatus.PENDING: "fill:#f7e7c1,stroke:#a37a1c,color:#3d2e0a",
    PaymentStatus.PAID: "fill:#d7ecd9,stroke:#2f7d4f,color:#143420",
    PaymentStatus.FAILED: "fill:#f3d6d0,stroke:#a3402f,color:#431a12",
    PaymentStatus.REFUNDED: "fill:#d5e3e6,stroke:#2b6670,color:#12313a",
}
"""For both a light and a dark page."""


def ladder_diagram() -> str:
    """The rungs from below, each in the colour of its meaning."""
    climb = " --> ".join(rung.status for rung in Rung)
    painted = [
        f"class {','.join(rung.status for rung in Rung if MEANING[rung] is meaning)} {meaning}"
        for meaning in COLOURS
    ]
    return _diagram("BT", climb, *_colours(), *painted)


def derivation_diagram() -> str:
    """From transactions to an order, and from orders to an invitation; the words are the same everywhere."""
    lines = ['transactions["transactions"]']
    before = "transactions -->"
    for status in STRONGEST_FIRST:
        none_yet = " ∨ transactions = 0" if status is PaymentStatus.PENDING else ""
        lines += [
            f'{before} any_{status}{{"{status} ≥ 1{none_yet}"}}',
            f'any_{status} -->|"✓"| order_{status}(["order: {status}"]):::{status}',
        ]
        before = f'any_{status} -->|"✗"|'
    lines += [
        f'{before} order_failed(["order: failed"]):::failed',
        'orders["orders"] --> any_order{"order: paid ≥ 1"}',
        'any_order -->|"✓"| invitation_paid(["invitation: paid"]):::paid',
        'any_order -->|"✗"| newest(["invitation = newest order"])',
    ]
    return _diagram("TD", *lines, *_colours())


def _colours() -> list[str]:
    return [f"classDef {meaning} {colour}" for meaning, colour in COLOURS.items()]


def _diagram(direction: str, *lines: str) -> str:
    return "\n".join([f"```mermaid\nflowchart {direction}", *(f"    {line}" for line in lines), "```\n"])


def error_table(language: Language) -> str:
    """What a frontend can be answered, with the sentence of one language."""
    known = [kind for kind in errors.UseCaseError.__subclasses__() if kind not in OF_OPERATORS]
    of_causes = {kind.code: kind for kind in (*known, *OF_THE_GATEWAY)}
    statuses = {code: HTTPStatus(_status(kind)) for code, kind in of_causes.items()} | OF_HTTP
    head = {Language.EN: "| code | HTTP | message |", Language.ID: "| kode | HTTP | pesan |"}[language]
    rows = [
        f"| `{code}` | {status:d} | {_sentence(code, language)} |"
        for code, status in sorted(statuses.items(), key=lambda entry: (entry[1], entry[0]))
    ]
    return "\n".join([head, "|---|---|---|", *rows]) + "\n"


def _status(kind: type[Exception]) -> HTTPStatus:
    return status_of(kind.__new__(kind))


def _sentence(code: str, language: Language) -> str:
    return text(f"error.{code}", language, price=rupiah(299_000), minimum=MINIMUM_PASSWORD_LENGTH)


def invariants() -> str:
    rows = [f"| `{found.name}` | {found.wrong} | {_cell(found.remedy)} |" for found in INVARIANTS]
    return "\n".join(["| invariant | when it does not hold | what to do |", "|---|---|---|", *rows]) + "\n"


def _cell(remedy: str) -> str:
    return remedy.replace("<", "&lt;").replace(">", "&gt;")


BLOCKS = {
    "bench-webhook": lambda: bench_result("webhook.md"),
    "bench-hotspots": lambda: bench_result("hotspots.md"),
    "bench-others": bench_lines,
    "commands": commands,
    "errors-en": lambda: error_table(Language.EN),
    "errors-id": lambda: error_table(Language.ID),
    "invariants": invariants,
    "ladder": ladder,
    "ladder-diagram": ladder_diagram,
    "derivation-diagram": derivation_diagram,
    "statuses-en": lambda: status_table(Language.EN),
    "statuses-id": lambda: status_table(Language.ID),
}

if __name__ == "__main__":
    main()
