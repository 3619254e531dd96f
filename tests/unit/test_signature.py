"""Signatures (docs/midtrans.md, "Signature"), with vectors that Midtrans publishes."""

import pytest

from tuntas.midtrans.signature import is_signed, sign

KEY = "SB-Mid-server-test"
VECTORS = [
    (
        "ORDER-sandbox-0001",
        "200",
        "150000.00",
        (
            "d65b4adf15335095fe1bfafe24964d48009dcc2989393e13570b0c9852ea60df"
            "0040b1a9646b9c9ef9433317f77acc8e387c59998dc20f5bd93fff93d23672e4"
        ),
    ),
    (
        "ORDER-sandbox-0002",
        "201",
        "75000.00",
        (
            "db70270f6c27da2b564d4fffd9df3eeae578a7afba22bf5e6071711c7914d7a3"
            "d22ccaa533e864cf53742ca73c9e63016b0cbc1f97ee253a77b24b7a410d876a"
        ),
    ),
    (
        "ORDER-sandbox-0003",
        "202",
        "50000.00",
        (
            "a51d1bd2aa8b1dca9228f3827cd641b6dadf52ebb9ed40fb45db6a06dbb33de7"
            "cde8e80caa93dfb5e6beeaaf44f698dc7f6f56edd46556eddaa2a774ff7692c6"
        ),
    ),
]


@pytest.mark.parametrize(("order_id", "status_code", "gross_amount", "expected"), VECTORS)
def test_signs_as_the_published_vectors_say(
    order_id: str, status_code: str, gross_amount: str, expected: str
) -> None:
    assert sign(order_id, status_code, gross_amount, KEY) == expected
    assert is_signed(expected, order_id, status_code, gross_amount, [KEY])


def test_a_rerendered_amount_no_longer_verifies() -> None:
    order_id, status_code, _, signature = VECTORS[0]
    for rendered in ("150000", "150000.0", "150000.000"):
        assert not is_signed(signature, order_id, status_code, rendered, [KEY])


def test_during_a_rotation_both_keys_are_accepted_and_no_other() -> None:
    order_id, status_code, gross_amount, signature = VECTORS[0]
    assert is_signed(signature, order_id, status_code, gross_amount, ["SB-Mid-server-new", KEY])
    assert not is_signed(signature, order_id, status_code, gross_amount, ["SB-Mid-server-new"])
    assert not is_signed(signature, order_id, status_code, gross_amount, [])


@pytest.mark.parametrize("signature", ["", "x", "é" * 128, VECTORS[0][3].upper(), VECTORS[0][3][:-1]])
def test_anything_else_is_no_signature(signature: str) -> None:
    assert not is_signed(signature, *VECTORS[0][:3], [KEY])
