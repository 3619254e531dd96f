"""Switches for what happens once a year in production.

Whether a fault strikes is drawn from the seed, its name and how often it was asked before: the same seed
gives the same misfortunes, whatever else the simulator draws, and through restarts.
"""

import random
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from midtrans_simulator.protocol import durations
from midtrans_simulator.state.store import Store

DUPLICATE = "duplicate"
SWAP = "swap"
DELAY = "delay"
DROP = "drop"
SHOP_DOWN = "shop_down"
CORRUPT = "corrupt"
UNKNOWN_FIELDS = "unknown_fields"
UNKNOWN_STATUS = "unknown_status"
NO_FRAUD_STATUS = "no_fraud_status"
FOREIGN_ORDER_ID = "foreign_order_id"
FOREIGN_ID = "foreign_id"
ISO_TIMES = "iso_times"
CAPITALS = "capitals"
UNFIT_CODE = "unfit_code"
ODD_REFUNDS = "odd_refunds"
SURROGATES = "surrogates"
REVERSAL = "reversal"
REFUND_RETURNED = "refund_returned"
CHARGEBACK_WON = "chargeback_won"
SETTLED_TWICE = "settled_twice"
LATE_EXPIRY = "late_expiry"
LATE_SETTLEMENT = "late_settlement"
DOUBLE_PAYMENT = "double_payment"
FEE = "fee"
PROMOTION = "promotion"
REFUND_REFUSED = "refund_refused"
API_406 = "api_406"
API_SLOW = "api_slow"
API_DOWN = "api_down"
API_LOST = "api_lost"
API_HTML = "api_html"

DAMAGES = ("signature", "amount", "json")
REFUSALS = ("bank", "funds")
FEE_TOLD = ("", "top", "metadata")
_CHOICES = {"part": DAMAGES, "why": REFUSALS, "told": FEE_TOLD}
_ERRORS = range(400, 600)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a fault does, and the options it takes besides `share` and `times`, with their defaults."""

    about: str
    options: dict[str, Any] = field(default_factory=dict)


KINDS: dict[str, Kind] = {
    DUPLICATE: Kind("each notification is sent twice"),
    SWAP: Kind(
        "a notification waits until the next one of its order has been sent, at most `by`", {"by": "5m"}
    ),
    DELAY: Kind("each notification is sent `by` later", {"by": "30s"}),
    DROP: Kind("notifications are withheld; resend sends them"),
    SHOP_DOWN: Kind("notifications are not sent, and count as answered with `status`", {"status": 503}),
    CORRUPT: Kind("notifications arrive damaged: in `part` signature, amount or json", {"part": "signature"}),
    UNKNOWN_FIELDS: Kind("notifications carry fields that are in no document"),
    UNKNOWN_STATUS: Kind("notifications carry a transaction_status that is in no document"),
    NO_FRAUD_STATUS: Kind("notifications carry no fraud_status"),
    FOREIGN_ORDER_ID: Kind("notifications carry the transaction_id in place of the order_id (seen with BSI)"),
    FOREIGN_ID: Kind("new transactions get ids that are no UUIDs, as DANA's"),
    ISO_TIMES: Kind("notifications carry their times in ISO 8601, with `T` and offset"),
    CAPITALS: Kind("notifications carry their statuses in capitals"),
    UNFIT_CODE: Kind("notifications carry a status_code that does not fit their status, and are signed so"),
    ODD_REFUNDS: Kind("rows of refunds come without a key, with ids as texts and amounts as numbers"),
    SURROGATES: Kind("notifications carry half a surrogate pair in the customer's name, escaped"),
    REVERSAL: Kind("a settled Permata, Mandiri or Indomaret payment is denied `by` later", {"by": "3m"}),
    LATE_SETTLEMENT: Kind(
        "what would expire was paid in the last second, and settles `by` later", {"by": "10m"}
    ),
    DOUBLE_PAYMENT: Kind("the customer pays a second time, `by` later, under the same order", {"by": "30s"}),
    SETTLED_TWICE: Kind("a settlement is told again `by` later, with a later settlement_time", {"by": "10m"}),
    LATE_EXPIRY: Kind("a QR or wallet payment stays pending `by` beyond its expiry", {"by": "1h"}),
    REFUND_RETURNED: Kind(
        "the bank returns a refund `by` later: the transaction is settled again", {"by": "1d"}
    ),
    CHARGEBACK_WON: Kind("a chargeback is won `by` later: the transaction is settled again", {"by": "30d"}),
    FEE: Kind(
        "new transactions are for `amount` rupiah more than was asked for; `told` top or metadata says so",
        {"amount": 4_000, "told": ""},
    ),
    PROMOTION: Kind("new transactions are for `amount` rupiah less than was asked for", {"amount": 5_000}),
    REFUND_REFUSED: Kind("refunds are refused: `why` is bank or funds", {"why": "bank"}),
    API_406: Kind(
        "Core does nothing and answers every POST with 406, as if it had been done before", {"path": ""}
    ),
    API_SLOW: Kind("Snap and Core act, and answer `by` real time later", {"by": "10s", "path": ""}),
    API_DOWN: Kind("Snap and Core do nothing and answer `status`", {"status": 503, "path": ""}),
    API_LOST: Kind("Snap and Core act, but answer `status`", {"status": 504, "path": ""}),
    API_HTML: Kind(
        "Snap and Core do nothing and answer `status` with an HTML page", {"status": 502, "path": ""}
    ),
}
NAMES = {name: kind.about for name, kind in KINDS.items()}


@dataclass(slots=True)
class Fault:
    """A switch that is on. `share` of events it strikes, `times` more at most (None: for ever)."""

    id: str
    share: float = 1.0
    times: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    draws: int = 0

    @property
    def by(self) -> timedelta:
        return durations.parse(self.options["by"])

    @property
    def status(self) -> int:
        return int(self.options["status"])

    @property
    def amount(self) -> int:
        """Rupiah."""
        return int(self.options["amount"])


@dataclass(slots=True)
class Seed:
    id: str
    value: int


class Faults:
    def __init__(self, store: Store, seed: int | None) -> None:
        self._store = store
        kept = store.load(Seed)
        self._seed = kept[0] if kept else Seed("faults", secrets.randbits(53))
        if seed is not None:
            self._seed.value = seed
        self._remember_seed()
        self._active = {fault.id: fault for fault in store.load(Fault)}

    @property
    def seed(self) -> int:
        return self._seed.value

    @property
    def any_on(self) -> bool:
        return bool(self._active)

    def reseed(self, seed: int) -> None:
        """Draw anew from here: what is switched on after this follows `seed`."""
        self._seed.value = seed
        self._remember_seed()

    def strikes(self, name: str, path: str = "") -> Fault | None:
        """The fault, if it is on and strikes this time. `path`: of the API call it might strike."""
        fault = self._active.get(name)
        if fault is None or fault.times == 0 or fault.options.get("path", "") not in path:
            return None
        drawn = random.Random(f"{self._seed.value}/{name}/{fault.draws}").random()  # noqa: S311 - play money
        fault.draws += 1
        struck = drawn < fault.share
        if struck and fault.times is not None:
            fault.times -= 1
        self._store.put(fault)
        return fault if struck else None

    def replace(self, wanted: dict[str, Any]) -> None:
        """Switch on exactly these: `{"drop": true}`, `{"delay": {"by": "5m", "times": 1}}`.

        Raises ValueError with a sentence for an unknown name or option.
        """
        chosen = {
            name: _fault(name, options) for name, options in wanted.items() if options not in (False, None)
        }
        for fault in self._active.values():
            self._store.remove(fault)
        self._active = chosen
        for fault in chosen.values():
            self._store.put(fault)

    def clear(self) -> None:
        """All off; the seed stays."""
        self._active = {}
        self._remember_seed()

    def as_json(self) -> dict[str, Any]:
        return {
            name: {"share": fault.share, "times": fault.times, **fault.options}
            for name, fault in self._active.items()
        }

    def _remember_seed(self) -> None:
        self._store.put(self._seed)


def _fault(name: str, options: object) -> Fault:
    if name not in KINDS:
        raise ValueError(f"no fault is called {name!r}; there are {', '.join(KINDS)}")
    defaults = KINDS[name].options
    allowed = {"share", "times", *defaults}
    given = {} if options is True else options
    if not isinstance(given, dict) or not set(given) <= allowed:
        raise ValueError(f"{name} takes true, or an object with {', '.join(sorted(allowed))}")
    share, times = given.get("share", 1.0), given.get("times")
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ValueError(f"{name}: share is a number from 0 to 1")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 0):
        raise ValueError(f"{name}: times is a whole number")
    chosen = defaults | {option: value for option, value in given.items() if option in defaults}
    for option, value in chosen.items():
        _check(name, option, value)
    return Fault(name, share, times, chosen)


def _check(name: str, option: str, value: object) -> None:
    """Raises ValueError with a sentence."""
    if option == "by":
        durations.parse(value)
    elif option == "status" and value not in _ERRORS:
        raise ValueError(f"{name}: status is an HTTP status from 400 to 599")
    elif option == "amount" and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise ValueError(f"{name}: amount is whole rupiah")
    elif option in _CHOICES and value not in _CHOICES[option]:
        raise ValueError(f"{name}: {option} is one of {', '.join(_CHOICES[option])}")
    elif option == "path" and not isinstance(value, str):
        raise ValueError(f"{name}: path is a part of the path of the calls it strikes")
