"""The whole configuration: environment variables and `.env`, checked before anything starts."""

from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_SANDBOX_PREFIX = "SB-"
_PRODUCTION_PREFIX = "Mid-"
_DEVELOPMENT_SECRET = "development-only"  # noqa: S105  refused in production below


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
    tuntas_secret_key: SecretStr = Field(
        default=SecretStr(_DEVELOPMENT_SECRET),
        description="Reserved for signing; nothing reads it yet, but production insists on one of its own.",
    )
    tuntas_mail_url: str = Field(
        default="file://",
        repr=False,
        description="Reserved for mail, which is not sent yet: file:// or smtp://…",
    )
    tuntas_confirm: Confirm | None = Field(
        default=None, description="off, after or before; default: after in production, off elsewhere."
    )
    tuntas_checks_per_second: float = Field(
        default=5, gt=0, le=100, description="At most so many questions to Midtrans by all workers together."
    )
    tuntas_refund_revokes_domain: bool = Field(
        default=False, description="Whether a full refund also takes back the paid time."
    )
    tuntas_language: str = Field(default="id", pattern="^(id|en)$", description="Default language.")
    tuntas_order_lifetime_minutes: int = Field(
        default=24 * 60,
        ge=5,
        le=7 * 24 * 60,
        description="How long a payment page and its VA or QR live, in minutes.",
    )

    @field_validator("midtrans_server_key", "midtrans_previous_server_key", mode="after")
    @classmethod
    def _clean_secret(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else SecretStr(_clean_key(value.get_secret_value()))

    @field_validator("midtrans_client_key", mode="after")
    @classmethod
    def _clean_public(cls, value: str) -> str:
        return _clean_key(value)

    @model_validator(mode="after")
    def _one_environment(self) -> Self:
        """Refuse a mixture of sandbox and production: it either takes play money or loses real money."""
        keys = {
            "MIDTRANS_SERVER_KEY": self.midtrans_server_key.get_secret_value(),
            "MIDTRANS_CLIENT_KEY": self.midtrans_client_key,
        }
        foreign_prefix = _SANDBOX_PREFIX if self.midtrans_is_production else _PRODUCTION_PREFIX
        for name, key in keys.items():
            if key.startswith(foreign_prefix):
                raise ValueError(
                    f"{name} belongs to the {'sandbox' if self.midtrans_is_production else 'production'} "
                    f"environment but MIDTRANS_IS_PRODUCTION is {str(self.midtrans_is_production).lower()}"
                )
        if self.midtrans_is_production:
            self._check_production()
        return self

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
        if self.tuntas_secret_key.get_secret_value() == _DEVELOPMENT_SECRET:
            raise ValueError("TUNTAS_SECRET_KEY must be set to a long random text in production")
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


def _clean_key(key: str) -> str:
    key = key.strip()
    if not key or any(character.isspace() for character in key):
        raise ValueError("a key must not be empty or hold blanks")
    return key


def mask(secret: str) -> str:
    """Enough of a key to recognise it, never enough to use it."""
    visible = min(14, len(secret) // 2)
    return f"{secret[:visible]}…{len(secret)} characters"
