"""The text inside a QRIS code: EMV tag-length-value fields closed by a CRC."""


def payload(gross_amount: int, reference: str) -> str:
    """A dynamic QRIS for `gross_amount` rupiah under a 15-digit `reference`."""
    fields = [
        ("00", "01"),
        ("01", "12"),  # dynamic: carries an amount
        ("26", _tlv("00", "ID.CO.SIMULATOR.WWW") + _tlv("01", "936000000000000000") + _tlv("02", reference)),
        ("51", _tlv("00", "ID.CO.QRIS.WWW") + _tlv("02", "ID1000000000000") + _tlv("03", "UMI")),
        ("52", "5999"),
        ("53", "360"),  # IDR
        ("54", str(gross_amount)),
        ("58", "ID"),
        ("59", "Midtrans Simulator"),
        ("60", "Jakarta"),
        ("62", _tlv("01", reference)),
    ]
    text = "".join(_tlv(tag, value) for tag, value in fields) + "6304"
    return f"{text}{_crc(text.encode()):04X}"


def _tlv(tag: str, value: str) -> str:
    return f"{tag}{len(value):02}{value}"


def _crc(data: bytes) -> int:
    """CRC-16/CCITT-FALSE, as EMV asks for."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
            crc &= 0xFFFF
    return crc
