"""One running gateway: its clock, its memory and its courier, handed to whoever needs them."""

import random
from dataclasses import dataclass
from datetime import datetime

from midtrans_simulator import notification
from midtrans_simulator.clock import Clock
from midtrans_simulator.config import SimulatorConfig
from midtrans_simulator.delivery import Courier
from midtrans_simulator.faults import Faults
from midtrans_simulator.ledger import Ledger
from midtrans_simulator.model import Transaction
from midtrans_simulator.store import Store
from midtrans_simulator.timers import Timers


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

    @classmethod
    def create(cls, config: SimulatorConfig) -> "Gateway":
        draw = random.Random(config.seed)  # noqa: S311 - play money
        store = Store(config.state_file)
        clock = Clock(config.start_time, config.speed)
        timers = Timers(clock, store)
        faults = Faults(draw)
        courier = Courier(
            clock=clock,
            timers=timers,
            store=store,
            faults=faults,
            draw=draw,
            timeout=config.delivery_timeout,
            jitter=config.jitter,
        )
        return cls(config, clock, store, timers, Ledger(config, store), faults, courier, draw)

    def now(self) -> datetime:
        return self.clock.now()

    def notify(self, transaction: Transaction) -> None:
        """Tell the merchant what the transaction is now."""
        merchant = self.ledger.merchant(transaction.merchant_id)
        self.courier.post(transaction, notification.body(transaction, merchant))

    def reset(self) -> None:
        """Forget sessions, transactions, deliveries and faults; the clock keeps its time."""
        self.courier.clear()
        self.timers.clear()
        self.faults.replace({})
        self.ledger.clear()
        self.store.clear()
        self.timers.clock_changed()
