"""One HTTP client towards Midtrans: its credentials, its timeouts, and what its failures mean."""

import asyncio
from typing import Any

import httpx

from tuntas.midtrans.errors import GatewayMisconfigured, GatewayTimeout, GatewayUnavailable


class MidtransHttp:
    """Sends JSON, returns the reply. `transport` is the seam: the network, or an ASGI application."""

    def __init__(
        self,
        *,
        base_url: str,
        server_key: str,
        timeout_seconds: float,
        headers: dict[str, str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._client = httpx.AsyncClient(
            base_url=base_url,
            auth=httpx.BasicAuth(server_key, ""),
            headers={"Accept": "application/json", **(headers or {})},
            timeout=httpx.Timeout(timeout_seconds, connect=min(5, timeout_seconds)),
            transport=transport,
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """The reply, whatever it says except 401.

        Raises GatewayTimeout, GatewayUnavailable, or GatewayMisconfigured when our key is refused.
        """
        try:
            async with asyncio.timeout(self._timeout_seconds):
                response = await self._client.request(method, path, json=body)
        except (httpx.TimeoutException, TimeoutError) as error:
            raise GatewayTimeout("Midtrans did not answer in time") from error
        except httpx.HTTPError as error:
            raise GatewayUnavailable(f"Midtrans cannot be reached: {type(error).__name__}") from error
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise GatewayMisconfigured("Midtrans refuses the server key: check the key and the environment")
        return response


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The reply as an object; a proxy or a wrong path answers in HTML, which is no reply of Midtrans."""
    try:
        document = response.json()
    except ValueError:
        document = None
    return document if isinstance(document, dict) else {}
