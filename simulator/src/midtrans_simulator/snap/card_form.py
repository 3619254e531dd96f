"""The card form: the cards and terms it takes, and what is wrong with what the customer typed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from midtrans_simulator.protocol import cards
from midtrans_simulator.protocol.amounts import whole_rupiah
from midtrans_simulator.protocol.model import Session

OFFLINE = "offline"
"""Instalments the shop arranges itself: for cards of any bank."""

_EXPIRY = re.compile(r"\s*(\d{1,2})\s*/?\s*(\d{2}|\d{4})\s*")
_MONTHS = range(1, 13)

Form = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Term:
    bank: str
    months: int

    @property
    def value(self) -> str:
        return f"{self.bank}:{self.months}"


def mistake(session: Session, form: Form, now: datetime) -> str | None:
    """The text key of the first mistake; None when the card can be charged."""
    return next(_mistakes(session, form, now), None)


def terms(session: Session) -> list[Term]:
    """What `credit_card.installment` offers for this amount, bank by bank (Midtrans, "JSON objects")."""
    options = _installment(session)
    offered, least = _object(options, "terms"), _object(options, "minimum_amount")
    return [
        Term(bank, months)
        for bank, every in offered.items()
        for months in (every if isinstance(every, list) else [])
        if isinstance(months, int)
        and options.get("disabled") is not True
        and session.gross_amount >= (whole_rupiah(least.get(bank)) or 0)
    ]


def only_in_terms(session: Session) -> bool:
    """Whether paying at once is not offered."""
    return _installment(session).get("required") is True and bool(terms(session))


def chosen_term(session: Session, form: Form) -> Term | None:
    return next((term for term in terms(session) if term.value == form.get("installment")), None)


def accepted(session: Session, number: str) -> bool:
    """`whitelist_bins` takes BIN prefixes and names of issuing banks; without it, any card goes.

    Midtrans, "JSON objects".
    """
    allowed = _object(session.request, "credit_card").get("whitelist_bins") or []
    bank = cards.find(number).bank
    return not allowed or any(number.startswith(str(each)) or bank == each for each in allowed)


def _mistakes(session: Session, form: Form, now: datetime) -> Iterator[str]:
    number = "".join(str(form.get("card_number", "")).split())
    if not cards.plausible(number):
        yield "card.invalid"
    if not accepted(session, number):
        yield "card.not_accepted"
    if not _lasts(str(form.get("card_exp", "")), now):
        yield "card.invalid_expiry"
    if not re.fullmatch(r"\d{3,4}", str(form.get("card_cvv", "")).strip()):
        yield "card.invalid_cvv"
    term = chosen_term(session, form)
    if term is None and only_in_terms(session):
        yield "card.term_missing"
    if term is not None and term.bank not in {OFFLINE, cards.find(number).bank}:
        yield "card.term_of_another_bank"


def _lasts(written: str, now: datetime) -> bool:
    expiry = _EXPIRY.fullmatch(written)
    if expiry is None or int(expiry[1]) not in _MONTHS:
        return False
    return (int(expiry[2]) % 100 + 2000, int(expiry[1])) >= (now.year, now.month)


def _installment(session: Session) -> dict[str, Any]:
    return _object(_object(session.request, "credit_card"), "installment")


def _object(parent: dict[str, Any], name: str) -> dict[str, Any]:
    """The object of this name; an empty one where the merchant sent none, or something else."""
    value = parent.get(name)
    return value if isinstance(value, dict) else {}
