"""One running gateway: its clock, its memory and its courier, handed to whoever needs them."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime

from midtrans_simulator.notifications.body import body, subscription_body, written
from midtrans_simulator.notifications.courier import Courier
from midtrans_simulator.notifications.distortions import distorted
from midtrans_simulator.protocol.model import (
    CardToken,
    KeptReply,
    PayAccount,
    SavedCard,
    Subscription,
    Transaction,
)
from midtrans_simulator.state.clock import Clock
from midtrans_simulator.state.config import SimulatorConfig
from midtrans_simulator.state.faults import Faults
from midtrans_simulator.state.ledger import Ledger
from midtrans_simulator.state.store import Store
from midtrans_simulator.state.table import Table
from midtrans_simulator.state.timers import Timers


@dataclass(frozen=True, slots=True)
class Gateway:
    config: SimulatorConfig
    clock: Clock
    store: Store
    timers: Timers
    ledger: Ledger
    faults: Faults
    courier: Courier
    draw: random.Random
    card_tokens: Table[CardToken]
    saved_cards: Table[SavedCard]
    accounts: Table[PayAccount]
    subscriptions: Table[Subscription]
    kept_replies: Table[KeptReply]

    @classmethod
    def create(cls, config: SimulatorConfig) -> "Gateway":
        draw = random.Random(config.seed)  # noqa: S311 - play money
        store = Store(config.state_file)
        clock = Clock(config.start_time, config.speed)
        timers = Timers(clock, store)
        faults = Faults(store, config.seed)
        courier = Courier(
            clock=clock,
            timers=timers,
            store=store,
            faults=faults,
            draw=draw,
            timeout=config.delivery_timeout,
            jitter=config.jitter,
        )
        return cls(
            config=config,
            clock=clock,
            store=store,
            timers=timers,
            ledger=Ledger(config, store),
            faults=faults,
            courier=courier,
            draw=draw,
            card_tokens=Table(CardToken, store),
            saved_cards=Table(SavedCard, store),
            accounts=Table(PayAccount, store),
            subscriptions=Table(Subscription, store),
            kept_replies=Table(KeptReply, store),
        )

    def now(self) -> datetime:
        return self.clock.now()

    def notify(self, transaction: Transaction) -> None:
        """Tell the merchant what the transaction is now."""
        merchant = self.ledger.merchant(transaction.merchant_id)
        subscription = self.subscriptions.get(transaction.subscription_id or "")
        told = body(transaction, merchant, subscription)
        written_out = distorted(self.faults, told, merchant)
        self.courier.post(transaction.id, transaction.order_id, transaction.notify_urls, written_out)

    def tell_of(self, subscription: Subscription) -> None:
        """Tell the merchant of a subscription itself."""
        told = written(subscription_body(subscription))
        self.courier.post(subscription.id, subscription.id, subscription.notify_urls, told)

    def reset(self, *, clock: bool = False) -> None:
        """Forget sessions, transactions, deliveries, cards, accounts and faults.

        The clock keeps its time, unless it is reset too: then it runs as at the first start, from now.
        """
        self.courier.clear()
        self.timers.clear()
        for table in (
            self.card_tokens,
            self.saved_cards,
            self.accounts,
            self.subscriptions,
            self.kept_replies,
        ):
            table.clear()
        self.ledger.clear()
        self.store.clear()
        self.faults.clear()
        if clock:
            self.clock.move_to(self.config.start_time or datetime.now(UTC))
            self.clock.scale(self.config.speed)
            self.clock.run()
        self.timers.clock_changed()
