"""All merchants, sessions and transactions, found by the ids the API knows them by."""

from collections import defaultdict

from midtrans_simulator.protocol.methods import METHODS
from midtrans_simulator.protocol.model import Merchant, Session, Status, Transaction
from midtrans_simulator.state.config import MerchantKeys, SimulatorConfig
from midtrans_simulator.state.store import Store

SANDBOX_SERVER_KEYS = ("SB-Mid-server-", "Mid-server-")
SANDBOX_CLIENT_KEYS = ("SB-Mid-client-", "Mid-client-")
"""How sandbox keys begin; newer accounts have theirs without `SB-` (seen live)."""
_REFERENCES = frozenset({"va_numbers", "permata_va_number", "bill_key", "payment_code"})


class Ledger:
    def __init__(self, config: SimulatorConfig, store: Store) -> None:
        self._config = config
        self._store = store
        self._listed = {keys.server_key: keys for keys in config.listed}
        self._merchants = {merchant.id: merchant for merchant in store.load(Merchant)}
        self._sessions: dict[str, Session] = {}
        self._transactions: dict[str, Transaction] = {}
        self._sessions_of: dict[tuple[str, str], list[Session]] = defaultdict(list)
        self._attempts_of: dict[tuple[str, str], list[Transaction]] = defaultdict(list)
        self._named: dict[str, list[Transaction]] = defaultdict(list)
        self._references: set[tuple[str, str]] = set()
        self._refunds = 0
        for session in store.load(Session):
            self._index_session(session)
        for transaction in store.load(Transaction):
            self._index_transaction(transaction)

    def merchant_by_server_key(self, key: str) -> Merchant | None:
        """The merchant with this key; where none is listed, any sandbox key is one."""
        keys = self._listed.get(key)
        if keys is None and not self._listed and key.startswith(SANDBOX_SERVER_KEYS):
            keys = MerchantKeys.of(key, self._config.client_key)
        if keys is None:
            return None
        merchant = Merchant(keys.id, keys.server_key, keys.client_key)
        if self._merchants.get(merchant.id) != merchant:
            self._merchants[merchant.id] = merchant
            self._store.put(merchant)
        return merchant

    def knows_client_key(self, key: str) -> bool:
        """Whether this client key opens pages and makes card tokens; where none is set, any does."""
        own = {keys.client_key for keys in self._listed.values()} or {self._config.client_key}
        return key in own or (None in own and key.startswith(SANDBOX_CLIENT_KEYS))

    def merchant(self, merchant_id: str) -> Merchant:
        return self._merchants[merchant_id]

    def session(self, token: str) -> Session | None:
        return self._sessions.get(token)

    def sessions(self) -> list[Session]:
        return list(self._sessions.values())

    def sessions_of(self, merchant_id: str, order_id: str) -> list[Session]:
        return self._sessions_of.get((merchant_id, order_id), [])

    def transactions(self) -> list[Transaction]:
        return list(self._transactions.values())

    def transaction(self, transaction_id: str) -> Transaction | None:
        return self._transactions.get(transaction_id)

    def attempts(self, merchant_id: str, order_id: str) -> list[Transaction]:
        """Every attempt to pay an order, oldest first."""
        return self._attempts_of.get((merchant_id, order_id), [])

    def attempts_in(self, session: Session) -> list[Transaction]:
        return [
            attempt
            for attempt in self.attempts(session.merchant_id, session.order_id)
            if attempt.token == session.token
        ]

    def find(self, merchant_id: str, reference: str) -> Transaction | None:
        """What Core finds: by transaction_id, else the newest attempt of an order_id.

        DANA's transactions are found by transaction_id only (Midtrans, "Get transaction status").
        """
        transaction = self._transactions.get(reference)
        if transaction is not None and transaction.merchant_id == merchant_id:
            return transaction
        for attempt in reversed(self.attempts(merchant_id, reference)):
            if not METHODS[attempt.method].by_transaction_id_only:
                return attempt
        return None

    def find_anyones(self, reference: str) -> Transaction | None:
        """Whichever merchant's: by transaction_id, else the newest attempt of an order_id."""
        if reference in self._transactions:
            return self._transactions[reference]
        made = self._named.get(reference)
        return made[-1] if made else None

    def reference_taken(self, kind: str, value: object) -> bool:
        """Whether a pending transaction already waits under this VA number or payment code."""
        return (kind, repr(value)) in self._references

    def next_refund_id(self) -> int:
        """The next refund_chargeback_id."""
        self._refunds += 1
        return self._refunds

    def save_session(self, session: Session) -> None:
        if session.token not in self._sessions:
            self._index_session(session)
        self._store.put(session)

    def save(self, transaction: Transaction) -> None:
        if transaction.id not in self._transactions:
            self._index_transaction(transaction)
        else:
            self._index_references(transaction)
        self._store.put(transaction)

    def clear(self) -> None:
        self._merchants.clear()
        self._sessions.clear()
        self._sessions_of.clear()
        self._transactions.clear()
        self._attempts_of.clear()
        self._named.clear()
        self._references.clear()

    def _index_session(self, session: Session) -> None:
        self._sessions[session.token] = session
        self._sessions_of[session.merchant_id, session.order_id].append(session)

    def _index_transaction(self, transaction: Transaction) -> None:
        self._transactions[transaction.id] = transaction
        self._attempts_of[transaction.merchant_id, transaction.order_id].append(transaction)
        self._named[transaction.order_id].append(transaction)
        self._index_references(transaction)
        self._refunds = max([self._refunds, *(refund.sequence for refund in transaction.refunds)])

    def _index_references(self, transaction: Transaction) -> None:
        taken = {(kind, repr(value)) for kind, value in transaction.details.items() if kind in _REFERENCES}
        if transaction.status is Status.PENDING:
            self._references |= taken
        else:
            self._references -= taken
