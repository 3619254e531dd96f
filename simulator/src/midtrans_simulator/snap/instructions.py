"""The payment-instruction PDF behind `pdf_url`: one page of text, written by hand."""

from midtrans_simulator.http.texts import date_time, rupiah
from midtrans_simulator.payments.references import name_of
from midtrans_simulator.protocol.model import Transaction

_A5 = "0 0 420 595"


def pdf(transaction: Transaction) -> bytes:
    lines = [
        "Petunjuk pembayaran",
        "",
        f"Pesanan: {transaction.order_id}",
        f"Jumlah: {rupiah(transaction.gross_amount)}",
    ]
    lines += [f"Cara bayar: {name_of(transaction)}", *_numbers(transaction)]
    if transaction.expiry_time is not None:
        lines.append(f"Bayar sebelum {date_time(transaction.expiry_time, 'id')}")
    lines += ["", "Simulator Midtrans: tidak ada uang sungguhan."]
    return _document(lines)


def _numbers(transaction: Transaction) -> list[str]:
    details = transaction.details
    lines = [f"Nomor Virtual Account: {va['va_number']}" for va in details.get("va_numbers", [])]
    labels = {
        "permata_va_number": "Nomor Virtual Account",
        "biller_code": "Kode perusahaan",
        "bill_key": "Kode bayar",
        "payment_code": "Kode bayar",
    }
    return lines + [f"{label}: {details[name]}" for name, label in labels.items() if name in details]


def _document(lines: list[str]) -> bytes:
    shown = " ".join(f"({_escaped(line)}) Tj T*" for line in lines)
    content = f"BT /F1 12 Tf 20 TL 40 540 Td {shown} ET".encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [{_A5}] /Contents 4 0 R".encode()
        + b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length " + str(len(content)).encode() + b" >>\nstream\n" + content + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    document, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(document))
        document += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = len(document)
    document += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    document += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    return (
        bytes(document)
        + f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n".encode()
    )


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
