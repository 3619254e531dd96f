"""What one simulator is started with."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

DEFAULT_SERVER_KEY = "SB-Mid-server-simulator"
DEFAULT_CLIENT_KEY = "SB-Mid-client-simulator"


REDIRECT_PATHS = {
    "v4": "/snap/v4/redirection",
    "v3": "/snap/v3/redirection",
    "v2": "/snap/v2/vtweb",
}
"""The shapes a `redirect_url` has had: of today, of the documents, and of 2021. All of them are served."""


@dataclass(frozen=True, slots=True)
class MerchantKeys:
    """A merchant as it stands in Midtrans's dashboard."""

    id: str
    server_key: str
    client_key: str | None = None
    """None: any client key opens its pages."""

    @classmethod
    def of(cls, server_key: str, client_key: str | None) -> "MerchantKeys":
        """A merchant that was given keys and no id: the id follows from the server key."""
        digest = int(hashlib.sha256(server_key.encode()).hexdigest(), 16)
        return cls(f"G{digest % 10**9:09}", server_key, client_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorConfig:
    """The settings Midtrans keeps in its dashboard, and those only a simulator has.

    Without `server_key` and `merchants` every sandbox key is a merchant of its own.
    """

    server_key: str | None = None
    more_server_keys: tuple[str, ...] = ()
    """Further merchants, each with notifications, orders and cards of its own."""
    client_key: str | None = None
    merchants: tuple[MerchantKeys, ...] = ()
    """Merchants with an id and a client key of their own."""
    redirect_url: str = "v4"
    """Which of `REDIRECT_PATHS` the `redirect_url` of a token has."""
    notify_url: str | None = None
    """The dashboard's Payment Notification URL; None: only the URLs of the X- headers are used."""
    recurring_url: str | None = None
    """The dashboard's Recurring Notification URL, for subscriptions; None: `notify_url`."""
    finish_url: str | None = None
    unfinish_url: str | None = None
    error_url: str | None = None
    merchant_name: str = "Toko Contoh"
    language: str = "id"
    """The merchant preference: language of API messages and default of the payment page."""

    public_url: str | None = None
    """How others reach the simulator, for the addresses it hands out; None: as the request's Host says."""
    control_hosts: tuple[str, ...] = ()
    """Host names besides this machine's own under which control plane and dashboard answer; `*`: any."""
    state_file: Path | str | None = None
    """One SQLite file that survives a restart; None keeps everything in memory."""
    start_time: datetime | None = None
    """Aware moment at which the virtual clock begins; None: now."""
    speed: float = 1.0
    """Virtual seconds per real second."""
    seed: int | None = None
    """Makes retry jitter, numbers and faults repeatable."""
    jitter: bool = True
    """False retries at the upper bound of each documented interval."""
    delivery_timeout: float = 15.0
    """Real seconds a merchant's endpoint has for its answer."""
    strict: bool = False
    """True holds requests to the documents also where Midtrans itself is seen to take more: order ids with
    other characters, Akulaku and Kredivo without items or customer."""
    mirror_body_code: bool = False
    """True answers Core errors with the HTTP status of the body instead of HTTP 200."""

    def __post_init__(self) -> None:
        """Raises ValueError with a sentence for settings that contradict each other."""
        if self.redirect_url not in REDIRECT_PATHS:
            raise ValueError(f"redirect_url is one of {', '.join(REDIRECT_PATHS)}, not {self.redirect_url!r}")
        for name in ("id", "server_key"):
            found = [getattr(keys, name) for keys in self.listed]
            twice = sorted({value for value in found if found.count(value) > 1})
            if twice:
                raise ValueError(f"two merchants have the same {name}: {', '.join(twice)}")

    @property
    def listed(self) -> tuple[MerchantKeys, ...]:
        """All merchants there are; empty: whoever shows a sandbox key is one."""
        keys = [self.server_key] if self.server_key is not None else []
        plain = (MerchantKeys.of(key, self.client_key) for key in [*keys, *self.more_server_keys])
        return (*self.merchants, *plain)
