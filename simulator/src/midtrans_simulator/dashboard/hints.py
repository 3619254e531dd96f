"""Why a notification is not taken, in words a developer can act on (11, traps 19 to 23)."""

from midtrans_simulator.protocol.model import Delivery, DeliveryState

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
