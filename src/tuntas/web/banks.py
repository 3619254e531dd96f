"""Banks as people write them. Midtrans writes codes in lower case (Midtrans, "Bank transfer")."""

_NAMES = {
    "cimb": "CIMB Niaga",
    "danamon": "Danamon",
    "mandiri": "Mandiri",
    "permata": "Permata",
    "saqu": "Bank Saqu",
    "seabank": "SeaBank",
}
_NEVER_MET = 20
"""Characters; what is longer is no bank's code, and is shown as it came."""


def bank_name(code: str) -> str:
    """`bca` as `BCA`, `cimb` as `CIMB Niaga`; a bank that we do not know has its code in capitals."""
    known = _NAMES.get(code.lower())
    return known or (code.upper() if len(code) <= _NEVER_MET else code)
