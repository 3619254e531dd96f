"""The whole configuration: environment variables and `.env`, checked before anything starts."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

from tuntas.domain.origins import is_origin, origin_of

SANDBOX_PREFIX = "SB-"
_OTHER_PREFIX = "Mid-"
"""Of every production key, and of the sandbox keys of newer accounts: it proves nothing."""
OUR_PREFIXES = ("MIDTRANS_", "TUNTAS_")

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_PRODUCTION_HOSTS = {"app.midtrans.com", "api.midtrans.com"}
_KEY_LENGTH_MIN = 10
_SECRET_LENGTH_MIN = 16
_ORIGINS_MAX = 50
_ALIKE = 0.8
"""From 0 to 1: how alike two names are when one is a slip of the other."""
_NOTIFICATION_URLS_MAX = 3
"""Midtrans takes at most so many in `X-Override-Notification` (docs/midtrans.md, "Headers")."""
_PLACEHOLDER = re.compile(
    r"[<>…*{}]|\.{2,}|(?:^|[-_])(?:your|change-?me|changeit|replace|placeholder|insert)(?:[-_]|$)"
    r"|(?:^|[-_])x{3,}$|^(?:sb-)?mid-(?:server|client)-?$",
    re.IGNORECASE,
)
"""What documentation writes where a key belongs; a real key's random part never looks so."""


class Confirm(StrEnum):
    """When to ask GET status about what a notification says."""

    OFF = "off"
    AFTER = "after"
    BEFORE = "before"


class Settings(BaseSettings):
    """Every field may be set as the upper-case environment variable of its name; empty means not set."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", populate_by_name=True
    )

    midtrans_server_key: SecretStr = Field(description="Secret server key; signs notifications.")
    midtrans_client_key: str = Field(description="Public client key for snap.js.")
    midtrans_previous_server_key: SecretStr | None = Field(
        default=None, description="Still accepted for signatures while a key rotation is under way."
    )
    midtrans_is_production: bool = Field(default=False, description="Real money (true) or sandbox.")
    midtrans_snap_url: str | None = Field(default=None, description="Snap API base; by environment.")
    midtrans_core_url: str | None = Field(default=None, description="Core API base; by environment.")
    midtrans_snap_js_url: str | None = Field(default=None, description="snap.js; by environment.")
    midtrans_notification_url: str | None = Field(
        default=None, description="Sent as X-Override-Notification, so no dashboard edit per tunnel."
    )
    midtrans_timeout_seconds: float = Field(
        default=30, gt=0, le=120, description="A call to Midtrans ends within this time."
    )
    database_url: str | None = Field(
        default=None, repr=False, description="PostgreSQL 14 or newer; without it an embedded one starts."
    )
    tuntas_base_url: str | None = Field(
        default=None, description="Where customers reach this server; default http://localhost:8000."
    )
    tuntas_data_dir: Path = Field(
        default=Path(".data"), description="Embedded database and the simulator's state."
    )
    tuntas_secret_key: SecretStr | None = Field(
        default=None,
        description="Signs the pass in our return addresses: a long random text, needed in production.",
    )
    tuntas_allowed_origins: str = Field(
        default="",
        description="Exact origins of frontends elsewhere, with commas between: for CORS and `finish_url`.",
    )
    tuntas_mail_url: str = Field(
        default="file://",
        repr=False,
        description="Reserved for mail, which is not sent yet: file:// or smtp://…",
    )
    tuntas_confirm: Confirm | None = Field(
        default=None, description="off, after or before; default: after in production, off elsewhere."
    )
    tuntas_reserved_names: str = Field(
        default="", description="More names that nobody can buy: labels or host names, with commas between."
    )
    tuntas_checks_per_second: float = Field(
        default=5, gt=0, le=100, description="At most so many questions to Midtrans by all workers together."
    )
    tuntas_refund_revokes_domain: bool = Field(
        default=False, description="Whether a full refund also takes back the paid time."
    )
    tuntas_language: str = Field(default="id", pattern="^(id|en)$", description="Default language.")
    tuntas_contact: str | None = Field(
        default=None,
        description="Where customers get help, shown on the pages: an e-mail address, or https://wa.me/….",
    )
    tuntas_order_lifetime_minutes: int = Field(
        default=24 * 60,
        ge=5,
        le=7 * 24 * 60,
        description="How long a payment page and its VA or QR live, in minutes.",
    )

    @field_validator("midtrans_server_key", "midtrans_previous_server_key", mode="after")
    @classmethod
    def _clean_secret(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else SecretStr(_clean_key(value.get_secret_value(), never="client"))

    @field_validator("midtrans_client_key", mode="after")
    @classmethod
    def _clean_public(cls, value: str) -> str:
        """It is shown to everybody: a server key in its place would be given away."""
        return _clean_key(value, never="server")

    @field_validator(
        "midtrans_snap_url", "midtrans_core_url", "midtrans_snap_js_url", "tuntas_base_url", mode="after"
    )
    @classmethod
    def _clean_url(cls, value: str | None) -> str | None:
        return None if value is None else _web_address(value)

    @field_validator("tuntas_contact", mode="after")
    @classmethod
    def _clean_contact(cls, value: str | None) -> str | None:
        if value is None or _EMAIL.fullmatch(value.strip()):
            return value and value.strip()
        if _split(value.strip()).scheme != "https":
            raise ValueError("must be an e-mail address or a whole address such as https://wa.me/62812…")
        return _web_address(value)

    @field_validator("tuntas_allowed_origins", mode="after")
    @classmethod
    def _clean_origins(cls, value: str) -> str:
        given = [origin.strip() for origin in value.split(",") if origin.strip()]
        if len(given) > _ORIGINS_MAX:
            raise ValueError(f"must hold at most {_ORIGINS_MAX} origins")
        for origin in given:
            if not is_origin(origin):
                raise ValueError(
                    "must hold exact origins such as https://shop.example or http://localhost:5173, "
                    "with commas between: no path, no * and no log-in"
                )
        return ",".join(dict.fromkeys(map(origin_of, given)))

    @field_validator("midtrans_notification_url", mode="after")
    @classmethod
    def _clean_urls(cls, value: str | None) -> str | None:
        if value is None:
            return None
        given = value.split(",")
        if len(given) > _NOTIFICATION_URLS_MAX:
            raise ValueError(f"must hold at most {_NOTIFICATION_URLS_MAX} addresses, with commas between")
        return ",".join(_web_address(address) for address in given)

    @field_validator("tuntas_mail_url", mode="after")
    @classmethod
    def _clean_mail(cls, value: str) -> str:
        parts = _split(value)
        if parts.scheme == "file" or (parts.scheme in {"smtp", "smtps"} and parts.hostname):
            return value
        raise ValueError("must be file:// or smtp://user:password@host:port")

    @model_validator(mode="after")
    def _one_environment(self) -> Self:
        """Refuse what takes play money for real, loses real money, or gives the secret away."""
        if self.server_key == self.midtrans_client_key:
            raise ValueError("MIDTRANS_CLIENT_KEY must not be the server key: it is shown to everybody")
        if self.midtrans_is_production:
            self._check_production()
        else:
            self._check_sandbox()
        return self

    @property
    def warnings(self) -> list[str]:
        """What may be meant or a mistake: `MIDTRANS_IS_PRODUCTION` decides, a prefix is only a hint."""
        return [
            text
            for name, key in (
                ("MIDTRANS_SERVER_KEY", self.server_key),
                ("MIDTRANS_CLIENT_KEY", self.midtrans_client_key),
            )
            if (text := self._doubt(name, key)) is not None
        ]

    def _doubt(self, name: str, key: str) -> str | None:
        if self.midtrans_is_production and _begins(key, SANDBOX_PREFIX):
            return (
                f"{name} begins with SB-, as sandbox keys do, but MIDTRANS_IS_PRODUCTION is true. Either it "
                "is the key of the sandbox and Midtrans will refuse it, or your account has unusual keys: "
                "`tuntas doctor` asks Midtrans."
            )
        if not self.midtrans_is_production and _begins(key, _OTHER_PREFIX):
            return (
                f"{name} begins with Mid- and MIDTRANS_IS_PRODUCTION is false. Either it is a sandbox key of "
                "a newer account, which is fine, or a production key in the wrong place: "
                "`tuntas doctor` asks Midtrans."
            )
        return None

    def _check_sandbox(self) -> None:
        addresses = {
            "MIDTRANS_SNAP_URL": self.snap_url,
            "MIDTRANS_CORE_URL": self.core_url,
            "MIDTRANS_SNAP_JS_URL": self.snap_js_url,
        }
        for name, address in addresses.items():
            if (urlsplit(address).hostname or "") in _PRODUCTION_HOSTS:
                raise ValueError(f"{name} takes real money, but MIDTRANS_IS_PRODUCTION is false")

    def _check_production(self) -> None:
        addresses = {
            "MIDTRANS_SNAP_URL": self.snap_url,
            "MIDTRANS_CORE_URL": self.core_url,
            "MIDTRANS_SNAP_JS_URL": self.snap_js_url,
            "TUNTAS_BASE_URL": self.base_url,
        }
        for name, address in addresses.items():
            parts = urlsplit(address)
            if parts.scheme != "https" or not _is_public(parts.hostname) or "sandbox" in parts.netloc:
                raise ValueError(f"{name} must be a public https address in production")
        previous = self.midtrans_previous_server_key
        if previous is not None and _begins(previous.get_secret_value(), SANDBOX_PREFIX):
            raise ValueError(
                "MIDTRANS_PREVIOUS_SERVER_KEY is a sandbox key: with it, sandbox notifications would pay"
            )
        secret = self.tuntas_secret_key.get_secret_value() if self.tuntas_secret_key else ""
        if len(secret) < _SECRET_LENGTH_MIN or _PLACEHOLDER.search(secret):
            raise ValueError(
                f"TUNTAS_SECRET_KEY must be a random text of at least {_SECRET_LENGTH_MIN} characters; "
                "python3 -c 'import secrets; print(secrets.token_urlsafe(48))' makes one"
            )
        for origin in self.allowed_origins:
            parts = urlsplit(origin)
            if parts.scheme == "http" and _is_public(parts.hostname):
                raise ValueError(f"TUNTAS_ALLOWED_ORIGINS must not hold {origin} in production: use https")
        if self.database_url is None:
            raise ValueError("DATABASE_URL must name your PostgreSQL in production")

    @property
    def snap_url(self) -> str:
        return self.midtrans_snap_url or f"{self._midtrans_host('app')}/snap/v1"

    @property
    def core_url(self) -> str:
        return self.midtrans_core_url or self._midtrans_host("api")

    @property
    def snap_js_url(self) -> str:
        return self.midtrans_snap_js_url or f"{self._midtrans_host('app')}/snap/snap.js"

    @property
    def base_url(self) -> str:
        """Without a trailing slash."""
        return (self.tuntas_base_url or "http://localhost:8000").rstrip("/")

    @property
    def confirm(self) -> Confirm:
        return self.tuntas_confirm or (Confirm.AFTER if self.midtrans_is_production else Confirm.OFF)

    def _midtrans_host(self, family: str) -> str:
        return f"https://{family}{'' if self.midtrans_is_production else '.sandbox'}.midtrans.com"

    @property
    def server_key(self) -> str:
        return self.midtrans_server_key.get_secret_value()

    @property
    def signing_key(self) -> bytes:
        """What our own signatures are made with, the same in every process.

        At a desk and in the sandbox it follows from the server key, so that nobody has to make one up.
        """
        if self.tuntas_secret_key is not None:
            return self.tuntas_secret_key.get_secret_value().encode()
        return sha256(b"tuntas signing key\n" + self.server_key.encode()).digest()

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins of frontends elsewhere, as browsers send them."""
        return tuple(filter(None, self.tuntas_allowed_origins.split(",")))

    @property
    def signature_keys(self) -> tuple[str, ...]:
        """The keys a notification may be signed with, the present one first."""
        previous = self.midtrans_previous_server_key
        return (self.server_key, previous.get_secret_value()) if previous else (self.server_key,)


def _is_public(host: str | None) -> bool:
    """Whether somebody else could reach this host: it is not this machine's name for itself."""
    if not host or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return True
    return not (address.is_loopback or address.is_unspecified)


def _begins(key: str, prefix: str) -> bool:
    return key.lower().startswith(prefix.lower())


def _clean_key(key: str, *, never: str) -> str:
    """A key as copied from the dashboard; `never` is the word that tells it is the other one of the pair."""
    key = key.strip()
    if not key or any(character.isspace() for character in key):
        raise ValueError("must not be empty or hold blanks")
    if never in key.lower():
        raise ValueError(f"looks like the {never} key: are the two swapped?")
    if _PLACEHOLDER.search(key):
        raise ValueError("is a placeholder: copy the key from Settings > Access Keys on Midtrans's dashboard")
    if len(key) < _KEY_LENGTH_MIN:
        raise ValueError(f"is too short for a key: it has fewer than {_KEY_LENGTH_MIN} characters")
    return key


def _web_address(value: str) -> str:
    value = value.strip()
    parts = _split(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or any(map(str.isspace, value)):
        raise ValueError("must be a whole address such as https://host.example/path")
    return value


def _split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port  # read only when asked for, and wrong ones raise
    except ValueError:
        raise ValueError("is no address: check host and port") from None
    return parts


def unknown_names(environment: Mapping[str, str]) -> dict[str, str | None]:
    """Variables under our prefixes, here or in `.env`, that no setting reads; with what was meant."""
    known = {name.upper() for name in Settings.model_fields}
    given = {name.upper() for name in (*environment, *_names_in_file())}
    unknown = sorted(name for name in given - known if name.startswith(OUR_PREFIXES))
    return {name: _nearest(name, known) for name in unknown}


def _names_in_file() -> Iterable[str]:
    return DotEnvSettingsSource(Settings, env_file=Settings.model_config.get("env_file")).env_vars


def _nearest(name: str, known: Iterable[str]) -> str | None:
    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=_ALIKE)), None)


def mask(secret: str) -> str:
    """Enough of a key to recognise it, never enough to use it."""
    visible = min(14, len(secret) // 2)
    return f"{secret[:visible]}…{len(secret)} characters"
