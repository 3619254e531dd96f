"""Advice in words a developer can act on: why a notification is not taken, why a card is denied."""

from midtrans_simulator.dashboard.orders import Order
from midtrans_simulator.protocol.cards import CARDS
from midtrans_simulator.protocol.model import Delivery, DeliveryState, Transaction
from midtrans_simulator.protocol.order_rules import departures

_BY_REPLY = {
    301: "redirect",
    302: "redirect",
    303: "redirect",
    400: "rejected",
    401: "login",
    403: "login",
    404: "path",
    405: "verb",
    419: "csrf",
    422: "rejected",
    500: "crash",
    502: "crash",
    503: "busy",
}


_ACCEPTING = ("4811 1111 1111 1114", "4411 1111 1111 1118", "5211 1111 1111 1117")


def remarks(order: Order) -> list[str]:
    """What Midtrans took although its documents ask for something else, in the words of a refusal."""
    asked = [remark for session in order.sessions for remark in departures(session.request)]
    charged = [remark for attempt in order.attempts for remark in attempt.remarks]
    return list(dict.fromkeys([*asked, *charged]))


def unlisted_card(attempt: Transaction) -> str | None:
    """For a card that no table of the sandbox lists, and that is denied for it: cards that would do."""
    masked = attempt.details.get("masked_card")
    if masked is None or any(card.masked == masked for card in CARDS.values()):
        return None
    return ", ".join(_ACCEPTING)


def hint(delivery: Delivery) -> str | None:
    """The text key of the advice for the last try; None when there is nothing to say."""
    if delivery.state is DeliveryState.DROPPED:
        return "dropped"
    if not delivery.tries or delivery.state is DeliveryState.DELIVERED:
        return None
    last = delivery.tries[-1]
    if last.http_status is not None:
        return _BY_REPLY.get(last.http_status)
    return "slow" if last.error is not None and last.error.startswith("no answer") else "unreachable"
