"""A running simulator, as a test, a script or a scenario holds it."""

import time
from collections.abc import Callable
from typing import Any, Self
from urllib.parse import quote

import httpx

from midtrans_simulator.state.config import DEFAULT_CLIENT_KEY, DEFAULT_SERVER_KEY

Body = dict[str, Any]


class Refused(Exception):
    """The simulator said no. `http_status`, and the `body` as it came."""

    def __init__(self, reply: httpx.Response) -> None:
        super().__init__(f"{reply.request.method} {reply.request.url.path}: {reply.text[:500]}")
        self.http_status = reply.status_code
        self.body: Any = _json_or_text(reply)


class Simulator:
    """Everything the control plane can do, and what a shop asks the gateway.

        simulator = Simulator("http://127.0.0.1:8100")
        token = simulator.create_token("INV-1", 299_000)
        simulator.choose(token, "bca_va")
        simulator.pay("INV-1")

    A `reference` is a transaction_id, or an order_id for its newest transaction. Methods raise `Refused`.
    """

    def __init__(
        self,
        url: str,
        *,
        server_key: str = DEFAULT_SERVER_KEY,
        client_key: str = DEFAULT_CLIENT_KEY,
        timeout: float = 60.0,
    ) -> None:
        self.url = url.rstrip("/")
        self.server_key = server_key
        self.client_key = client_key
        self._http = httpx.Client(base_url=self.url, timeout=timeout, trust_env=False)

    @property
    def snap_url(self) -> str:
        return f"{self.url}/snap/v1"

    @property
    def snap_js_url(self) -> str:
        return f"{self.url}/snap/snap.js"

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What a shop asks.

    def create_token(
        self, order_id: str, gross_amount: int, *, headers: dict[str, str] | None = None, **request: object
    ) -> str:
        """A Snap token for `gross_amount` rupiah; `request` is the rest of the body."""
        body = {"transaction_details": {"order_id": order_id, "gross_amount": gross_amount}, **request}
        return str(self._shop("POST", "/snap/v1/transactions", body, headers)["token"])

    def charge(self, request: Body) -> Body:
        return self._shop("POST", "/v2/charge", request)

    def status(self, reference: str) -> Body:
        """GET status; `status_code` "404" while no method is chosen."""
        return self._shop("GET", f"/v2/{_encoded(reference)}/status")

    def core(self, reference: str, act: str, body: Body | None = None) -> Body:
        """`cancel`, `expire`, `refund`, `refund/online/direct`, `approve` or `deny`."""
        return self._shop("POST", f"/v2/{_encoded(reference)}/{act}", body)

    # What customers, banks and time do.

    def choose(self, token: str, method: str, **options: object) -> Body:
        """Confirm a method of the page. `card_number` and `otp` for cards, `payer_phone` for OVO."""
        return self._control("POST", f"/sessions/{token}/choose", {"method": method, **options})

    def act(self, reference: str, act: str, **options: object) -> Body:
        """Any act of the control plane: `pay`, `deny`, `reverse`, `chargeback`, …"""
        return self._control("POST", f"/transactions/{_encoded(reference)}/{act}", options)

    def pay(self, reference: str) -> Body:
        return self.act(reference, "pay")

    def deny(self, reference: str) -> Body:
        return self.act(reference, "deny")

    def expire(self, reference: str) -> Body:
        return self.act(reference, "expire")

    def advance(self, by: str) -> Body:
        """Jump ahead: `24h`, `1d12h`. Everything due on the way has happened when it returns."""
        return self._control("POST", "/clock", {"advance": by})

    def quiet(self) -> None:
        """Wait until every notification that is due has been answered."""
        self.advance("0s")

    def set_faults(self, **switches: object) -> Body:
        """Exactly these faults are on from now; none switches all off."""
        return self._control("PUT", "/faults", switches)

    def reset(self, *, clock: bool = False) -> None:
        """Forget everything; with `clock` the clock shows the present again, too."""
        self._control("POST", "/reset", {"clock": clock})

    # What happened.

    def state(self) -> Body:
        return self._control("GET", "/state")

    def deliveries(self, order_id: str | None = None) -> list[Body]:
        """Notifications with every try, oldest first."""
        query = {"order_id": order_id} if order_id is not None else None
        return self._json(self._http.get("/_control/deliveries", params=query))  # type: ignore[no-any-return] # a list, as the API says

    def resend(self, delivery_id: str) -> Body:
        return self._control("POST", f"/deliveries/{delivery_id}/resend", {})

    def wait_for(self, condition: Callable[[], Any], *, seconds: float = 10.0) -> Any:  # noqa: ANN401 - whatever it gives
        """The first true value of `condition`, asked again and again. Raises TimeoutError."""
        ends = time.monotonic() + seconds
        while not (value := condition()):
            if time.monotonic() > ends:
                raise TimeoutError(f"nothing came within {seconds:g} s")
            time.sleep(0.05)
        return value

    def _shop(
        self, method: str, path: str, body: Body | None = None, headers: dict[str, str] | None = None
    ) -> Body:
        auth = (self.server_key, "")
        content = {} if method == "GET" else {"json": body or {}}
        reply = self._http.request(method, path, auth=auth, headers=headers, **content)  # type: ignore[arg-type] # json only
        return self._json(reply)  # type: ignore[no-any-return] # an object, as the API says

    def _control(self, method: str, path: str, body: Body | None = None) -> Body:
        return self._json(self._http.request(method, f"/_control{path}", json=body))  # type: ignore[no-any-return] # an object

    def _json(self, reply: httpx.Response) -> Any:  # noqa: ANN401 - JSON is anything
        if reply.is_error:
            raise Refused(reply)
        return reply.json()


def _encoded(reference: str) -> str:
    """Order ids may hold blanks, slashes and hash marks."""
    return quote(reference, safe="")


def _json_or_text(reply: httpx.Response) -> Any:  # noqa: ANN401 - JSON is anything
    try:
        return reply.json()
    except ValueError:
        return reply.text
