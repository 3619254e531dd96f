"""Banks and stores as people write them; Midtrans writes codes in lower case (Midtrans, "Bank transfer")."""

_BANKS = {
    "cimb": "CIMB Niaga",
    "danamon": "Danamon",
    "mandiri": "Mandiri",
    "permata": "Permata",
    "saqu": "Bank Saqu",
    "seabank": "SeaBank",
}
_CODE_MAX = 12
"""Characters; what is longer is no bank's code but its name, and is shown as it came."""
FROM_ANY_BANK = frozenset({"permata", "bni", "bri", "cimb", "danamon"})
"""Banks whose numbers Midtrans gives out for "other banks": they take a transfer from any (Midtrans, "Enabled
payments", `other_va`)."""


def bank_name(code: str) -> str:
    """`bca` as `BCA`, `cimb` as `CIMB Niaga`; a bank that we do not know has its code in capitals."""
    known = _BANKS.get(code.lower())
    return known or (code.upper() if len(code) <= _CODE_MAX else code)


def store_name(code: str) -> str:
    """`indomaret` as `Indomaret`."""
    return code.replace("_", " ").title()
