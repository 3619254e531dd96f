"""Notifications as they ought not to look: the faults that change a body."""

from typing import Any

from midtrans_simulator.notifications.body import written
from midtrans_simulator.protocol.model import Merchant
from midtrans_simulator.protocol.signature import sign
from midtrans_simulator.state import faults as fault
from midtrans_simulator.state.faults import Faults

UNKNOWN_STATUS = "under_review"
UNKNOWN_FIELDS = {
    "settlement_channel": "BI-FAST",
    "risk_assessment": {"score": 12, "labels": []},
    "loyalty_points": None,
}


def distorted(faults: Faults, body: dict[str, Any], merchant: Merchant) -> str:
    """`body` as it is sent: whole, unless faults strike. What Midtrans itself would change stays signed."""
    if faults.strikes(fault.UNKNOWN_FIELDS):
        body = body | UNKNOWN_FIELDS
    if faults.strikes(fault.UNKNOWN_STATUS):
        body = body | {"transaction_status": UNKNOWN_STATUS}
    if faults.strikes(fault.NO_FRAUD_STATUS):
        body = {name: value for name, value in body.items() if name != "fraud_status"}
    if faults.strikes(fault.FOREIGN_ORDER_ID):
        body = body | {"order_id": body["transaction_id"]}
        signed = (body["order_id"], body["status_code"], body["gross_amount"], merchant.server_key)
        body["signature_key"] = sign(*signed)
    damage = faults.strikes(fault.CORRUPT)
    return written(body) if damage is None else _damaged(body, damage.options["part"])


def _damaged(body: dict[str, Any], part: str) -> str:
    """What a forger or a broken line would send: nothing in it is signed anew."""
    if part == "json":
        return written(body)[:-20]
    if part == "amount":
        return written(body | {"gross_amount": "1.00"})
    return written(body | {"signature_key": body["signature_key"][::-1]})
