"""One HTTP client towards Midtrans: its credentials, its bounds, and what its failures mean."""

import asyncio
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tuntas.midtrans.errors import GatewayMisconfigured, GatewayTimeout, GatewayUnavailable
from tuntas.midtrans.jsontext import NotJson, read_json

if TYPE_CHECKING:
    import httpx

ANSWER_BYTES_MAX = 1024 * 1024
"""Midtrans's longest answers have some kilobytes; more than this is none of them."""
_CONNECT_SECONDS_MAX = 5
CONNECTIONS_MAX = 512
"""To one host of Midtrans's: a sale begins with some hundred customers at once, each of whom waits for it."""
KEPT_MAX = 64
"""Connections kept for the next request; each of them is looked at before every request."""
KEPT_SECONDS = 30
_SENTENCES_MAX = 10
_SENTENCE_MAX = 255


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of Midtrans's: its HTTP status, and its JSON with every text in it cleaned."""

    status: int
    document: dict[str, Any]
    """Empty when the answer is no JSON object: a proxy or a wrong path answers in HTML."""

    @property
    def is_success(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_refusal(self) -> bool:
        return HTTPStatus.BAD_REQUEST <= self.status < HTTPStatus.INTERNAL_SERVER_ERROR

    def sentences(self, name: str) -> list[str]:
        """What Midtrans says in this field, one sentence or several, short enough to be kept."""
        told = self.document.get(name)
        listed = told if isinstance(told, list) else [] if told is None else [told]
        return [str(sentence)[:_SENTENCE_MAX] for sentence in listed[:_SENTENCES_MAX]]


class MidtransHttp:
    """Sends JSON, returns the reply. `transport` is the seam: the network, or what a test puts there."""

    def __init__(
        self,
        *,
        base_url: str,
        server_key: str,
        timeout_seconds: float,
        headers: dict[str, str] | None = None,
        transport: "httpx.AsyncBaseTransport | None" = None,
    ) -> None:
        self._base_url = base_url
        self._server_key = server_key
        self._timeout_seconds = timeout_seconds
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._transport = transport

    @cached_property
    def _client(self) -> "httpx.AsyncClient":
        """Made when Midtrans is first asked: most commands never ask, and it takes longer than they do."""
        import httpx

        return httpx.AsyncClient(
            base_url=self._base_url,
            auth=httpx.BasicAuth(self._server_key, ""),
            headers=self._headers,
            timeout=httpx.Timeout(
                self._timeout_seconds, connect=min(_CONNECT_SECONDS_MAX, self._timeout_seconds)
            ),
            limits=httpx.Limits(
                max_connections=CONNECTIONS_MAX,
                max_keepalive_connections=KEPT_MAX,
                keepalive_expiry=KEPT_SECONDS,
            ),
            follow_redirects=False,
            transport=self._transport,
        )

    async def aclose(self) -> None:
        if "_client" in self.__dict__:
            await self._client.aclose()

    async def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Reply:
        """The reply, whatever it says except 401.

        Raises GatewayTimeout, GatewayUnavailable, or GatewayMisconfigured when our key is refused.
        """
        import httpx

        try:
            async with asyncio.timeout(self._timeout_seconds):
                status, content = await self._exchange(method, path, body)
        except (httpx.TimeoutException, TimeoutError) as error:
            raise GatewayTimeout("Midtrans did not answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise GatewayUnavailable(f"Midtrans cannot be reached: {type(error).__name__}") from error
        if status == HTTPStatus.UNAUTHORIZED:
            raise GatewayMisconfigured("Midtrans refuses the server key: check the key and the environment")
        return Reply(status, _json_object(content))

    async def _exchange(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, bytes]:
        """The HTTP status and the bytes of the answer, read no further than an answer can be long."""
        content = bytearray()
        async with self._client.stream(method, path, json=body) as response:
            async for part in response.aiter_bytes():
                content += part
                if len(content) > ANSWER_BYTES_MAX:
                    raise GatewayUnavailable("Midtrans's answer has no end")
        return response.status_code, bytes(content)


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        document = read_json(content)
    except NotJson:
        return {}
    return document if isinstance(document, dict) else {}
