"""Notifications as they ought not to look: the faults that change a body."""

import uuid
from collections.abc import Callable
from typing import Any

from midtrans_simulator.notifications.body import written
from midtrans_simulator.protocol.model import Merchant
from midtrans_simulator.protocol.signature import sign
from midtrans_simulator.state import faults as fault
from midtrans_simulator.state.faults import Faults

Body = dict[str, Any]

UNKNOWN_STATUS = "under_review"
UNKNOWN_FIELDS = {
    "settlement_channel": "BI-FAST",
    "risk_assessment": {"score": 12, "labels": []},
    "loyalty_points": None,
}


def _signed(body: Body, merchant: Merchant) -> Body:
    """Signed anew: what Midtrans itself would say so."""
    texts = (body["order_id"], body["status_code"], body["gross_amount"], merchant.server_key)
    return body | {"signature_key": sign(*texts)}


def _foreign_order_id(body: Body, merchant: Merchant) -> Body:
    return _signed(body | {"order_id": body["transaction_id"]}, merchant)


def _unfit_code(body: Body, merchant: Merchant) -> Body:
    """202 for what went well, 200 for what did not."""
    code = "202" if body["status_code"] == "200" else "200"
    return _signed(body | {"status_code": code}, merchant)


def _iso_times(body: Body, _: Merchant) -> Body:
    times = {
        name: f"{value.replace(' ', 'T')}+07:00"
        for name, value in body.items()
        if name.endswith("_time") and isinstance(value, str)
    }
    return body | times


def _capitals(body: Body, _: Merchant) -> Body:
    names = ("transaction_status", "fraud_status")
    return body | {name: str(body[name]).upper() for name in names if name in body}


def _odd_refunds(body: Body, _: Merchant) -> Body:
    """Rows as other readers have met them: ids as texts, amounts as numbers, a uuid in place of the key."""
    if "refunds" not in body:
        return body
    rows = [
        {name: value for name, value in row.items() if name != "refund_key"}
        | {
            "refund_chargeback_id": str(row["refund_chargeback_id"]),
            "refund_chargeback_uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, str(row["refund_chargeback_id"]))),
            "refund_amount": float(row["refund_amount"]),
        }
        for row in body["refunds"]
    ]
    return body | {"refunds": rows, "refund_amount": float(body["refund_amount"])}


def _surrogates(body: Body, _: Merchant) -> Body:
    """Half of an emoji that some till cut in two; JSON can only say it escaped."""
    customer = body.get("customer_details") or {}
    return body | {"customer_details": {**customer, "full_name": "Sari \ud83c"}}


_CHANGES: dict[str, Callable[[Body, Merchant], Body]] = {
    fault.UNKNOWN_FIELDS: lambda body, _: body | UNKNOWN_FIELDS,
    fault.UNKNOWN_STATUS: lambda body, _: body | {"transaction_status": UNKNOWN_STATUS},
    fault.NO_FRAUD_STATUS: lambda body, _: {k: value for k, value in body.items() if k != "fraud_status"},
    fault.FOREIGN_ORDER_ID: _foreign_order_id,
    fault.ISO_TIMES: _iso_times,
    fault.CAPITALS: _capitals,
    fault.UNFIT_CODE: _unfit_code,
    fault.ODD_REFUNDS: _odd_refunds,
    fault.SURROGATES: _surrogates,
}
"""What each of them makes of a body, in this order."""


def distorted(faults: Faults, body: dict[str, Any], merchant: Merchant) -> str:
    """`body` as it is sent: whole, unless faults strike. What Midtrans itself would change stays signed."""
    if not faults.any_on:
        return written(body)
    for name, changed in _CHANGES.items():
        if faults.strikes(name):
            body = changed(body, merchant)
    damage = faults.strikes(fault.CORRUPT)
    if damage is not None:
        return _damaged(body, damage.options["part"])
    return written(body)


def _damaged(body: dict[str, Any], part: str) -> str:
    """What a forger or a broken line would send: nothing in it is signed anew."""
    if part == "json":
        return written(body)[:-20]
    if part == "amount":
        return written(body | {"gross_amount": "1.00"})
    return written(body | {"signature_key": body["signature_key"][::-1]})
