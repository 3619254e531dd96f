"""QR codes as images, where `actions` point."""

import io

import segno
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from midtrans_simulator.gateway import Gateway

_PIXELS_PER_MODULE = 8


def routes(gateway: Gateway) -> list[Route]:
    async def image(request: Request) -> Response:
        transaction = gateway.ledger.transaction(request.path_params["id"])
        if transaction is None or transaction.qr_string is None:
            return Response("no QR belongs to this transaction", status_code=404, media_type="text/plain")
        return Response(png(transaction.qr_string), media_type="image/png")

    return [Route(f"/v2/{family}/{{id}}/qr-code", image) for family in ("qris", "gopay", "shopeepay")]


def png(payload: str) -> bytes:
    written = io.BytesIO()
    segno.make(payload, error="l", micro=False).save(written, kind="png", scale=_PIXELS_PER_MODULE, border=4)
    return written.getvalue()
