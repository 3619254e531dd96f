"""Where the customer comes back to from Midtrans: our own pages, or those of a frontend that we know."""

from datetime import datetime

from tuntas.domain import return_pass
from tuntas.domain.origins import NotAnOrigin, origin_of
from tuntas.settings import Settings
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import FinishUrlNotAllowed

ADDRESS_MAX = 255
"""Characters that Midtrans takes in `callbacks` (docs/midtrans.md, "Settings of a token")."""


def check_finish_url(settings: Settings, address: str) -> None:
    """Raises FinishUrlNotAllowed: only origins that the configuration names may get our customers."""
    try:
        origin = origin_of(address)
    except NotAnOrigin:
        raise FinishUrlNotAllowed from None
    if origin not in {origin_of(settings.base_url), *settings.allowed_origins} or len(address) > ADDRESS_MAX:
        raise FinishUrlNotAllowed


def own_address(settings: Settings, page: str, order_id: str, page_ends_at: datetime) -> str:
    """Our page `success` or `error`, with the pass that shows this order's state to who comes back."""
    address = f"{settings.base_url}/payment/{page}"
    ends_at = page_ends_at + return_pass.AFTER_THE_PAGE
    passed = f"{address}?pass={return_pass.issue(settings.signing_key, order_id, ends_at)}"
    return passed if len(passed) <= ADDRESS_MAX else address


def returning_order(backend: Backend, given: str) -> str | None:
    """The order that a pass shows, if it is one of ours and has not ended."""
    return return_pass.order_of(backend.settings.signing_key, given, backend.clock.now())
