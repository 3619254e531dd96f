"""What a scenario is played with: the simulator, the shop's address, and the order it is about."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from midtrans_simulator.client import Simulator


class Failed(Exception):
    """A step did not go as the story says; its text tells what happened instead."""


@dataclass(slots=True)
class Stage:
    simulator: Simulator
    notify_url: str | None = None
    """Where this scenario's own orders are told; None: where the simulator was started to tell."""
    shop_url: str | None = None
    """The origin that `shop: is asked …` addresses."""
    order_id: str = ""
    token: str = ""
    seen: set[str] = field(default_factory=set)
    """Tokens there were before the scenario began."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What the shop's answers left behind, for later steps."""

    def new_order(self, wanted: str | None) -> str:
        """The name in the story, made unique so that it can be played again."""
        self.order_id = f"{wanted or 'STORY'}-{secrets.token_hex(4)}"
        return self.order_id

    def current(self) -> str:
        if not self.order_id:
            raise Failed("no order yet; begin with `shop: orders 299000`, or `shop: takes an order`")
        return self.order_id

    def transactions(self) -> list[dict[str, Any]]:
        """Of the order, oldest first."""
        order_id = self.current()
        return [each for each in self.simulator.state()["transactions"] if each["order_id"] == order_id]

    def newest(self) -> str:
        """The transaction that acts are about: ids work for every method, DANA included."""
        made = self.transactions()
        if not made:
            raise Failed("no method has been chosen yet")
        return str(made[-1]["transaction_id"])

    def tries(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Every POST of the order's notifications with its delivery, as they happened."""
        self.simulator.quiet()
        found = [
            (attempt, delivery)
            for delivery in self.simulator.deliveries(self.current())
            for attempt in delivery["tries"]
        ]
        return sorted(found, key=lambda pair: pair[0]["sequence"])
