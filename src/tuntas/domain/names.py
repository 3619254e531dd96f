"""Names that are sold: one address, one owner.

A name is a label under our own host (`budi-ani`), or a whole host name of the customer's own
(`budi-ani.com`). However it is typed, one address has one spelling here, and one invitation holds it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

HOLD = timedelta(days=2)
"""How long a name is kept for somebody who has not begun to pay."""
NAME_LENGTH_MAX = 200

_RESERVED = """
www www1 www2 www3 web site api app apps admin administrator root operator console dashboard panel cpanel
webmail mail email smtp imap pop pop3 mx mx1 mx2 ns ns1 ns2 ns3 dns ftp sftp ssh vpn git proxy gateway
autoconfig autodiscover wpad isatap localhost local internal intranet private test testing staging stage dev
demo sandbox beta status health healthz readyz metrics monitor static assets cdn img images media files
upload download docs help support bantuan info kontak contact about tentang blog news berita shop toko store
account akun login masuk logout register daftar auth sso oauth id user users profile security keamanan abuse
postmaster hostmaster webmaster noreply no-reply pay payment payments pembayaran bayar checkout invoice
tagihan billing webhook callback notification invitation invitations undangan tuntas midtrans snap
veritrans gopay gojek ovo dana shopeepay qris bca bni bri mandiri permata cimb bsi
"""
RESERVED_LABELS = frozenset(_RESERVED.split())
"""Names that people take for ours, for a bank's, or that machines look for; a setting adds more."""

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SHARED_SECOND_LEVELS = frozenset(
    {"ac", "biz", "co", "com", "desa", "edu", "go", "gov", "mil", "my", "net", "or", "org", "sch", "web"}
)
"""`co.id` and the like: what stands above such a name belongs to nobody in particular."""
_NO_OWN_HOST = frozenset(
    {"localhost", "local", "internal", "intranet", "lan", "home", "arpa", "onion", "invalid"}
)
"""Endings that no customer can own on the internet."""


class NotAName(ValueError):
    """No host can be called so, or no customer's."""


class ReservedName(ValueError):
    """A good name, but not for sale."""


class DomainState(StrEnum):
    """Whose move it is."""

    READY = "ready"
    POINT_DNS = "point_dns"
    """The owner's: make the domain point here, then have it checked."""
    CHOOSE_ANOTHER = "choose_another"
    """The owner's: the name was free for too long and is somebody else's now."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names around one host of ours; `reserved` are more labels or host names that nobody gets."""

    base_host: str
    reserved: frozenset[str] = frozenset()

    @classmethod
    def around(cls, base_host: str, reserved: Iterable[str] = ()) -> "Names":
        cleaned = frozenset(_without_dots(name) for name in reserved) - {""}
        return cls(_without_dots(base_host), cleaned)

    def read(self, written: str) -> str:
        """The one spelling of a name that somebody wants. Raises NotAName or ReservedName."""
        name = self.spelling(written)
        if self.is_reserved(name):
            raise ReservedName
        return name

    def spelling(self, written: str) -> str:
        """The one spelling, reserved or not. Raises NotAName."""
        host = _without_dots(written)
        for suffix in (f".{self.base_host}", ".localhost"):
            if host.endswith(suffix):
                host = host.removesuffix(suffix)
                if "." in host:
                    raise NotAName
                break
        labels = host.split(".")
        if len(host) > NAME_LENGTH_MAX or not all(map(_LABEL.fullmatch, labels)):
            raise NotAName
        if len(labels) == 1:
            if host[2:4] == "--":  # `xn--…` may look like any other name
                raise NotAName
            return host
        if labels[-1].isdigit() or labels[-1] in _NO_OWN_HOST or not all(map(_is_one_spelling, labels)):
            raise NotAName
        return host.removeprefix("www.") if len(labels) > 2 else host  # noqa: PLR2004  www.nama.com is nama.com

    def is_reserved(self, name: str) -> bool:
        """Our own host, what is above and beside it, and what the lists say."""
        if "." not in name:
            return name in RESERVED_LABELS or name in self.reserved
        ours = {self.base_host, *self.reserved}
        if (parent := _own_parent(self.base_host)) is not None:
            ours.add(parent)
        return any(name == host or name.endswith(f".{host}") for host in ours if "." in host) or any(
            host.endswith(f".{name}") for host in ours
        )

    def of_host(self, host: str) -> str | None:
        """The name that stands behind a host name of a request; None when that is this server itself."""
        if host in {"", "localhost", self.base_host}:
            return None
        try:
            return self.read(host)
        except (NotAName, ReservedName):
            return None


def is_held(*, chosen_at: datetime, bought_time: bool, payable: bool, now: datetime) -> bool:
    """Whether a name still belongs to whoever chose it.

    Two days for everybody; as long as an order for it can be paid or money for it awaits a decision
    (`payable`); and for good once time was bought: after its end, the same address can be renewed.
    """
    return bought_time or payable or now < chosen_at + HOLD


def domain_state(name: str, *, holds: bool, verified: bool) -> DomainState:
    if not holds:
        return DomainState.CHOOSE_ANOTHER
    return DomainState.READY if verified or "." not in name else DomainState.POINT_DNS


def points_here(theirs: Iterable[str], ours: Iterable[str]) -> bool:
    """Whether every address of a domain is one of our host's: one that is not would show something else."""
    found = set(theirs)
    return bool(found) and found <= set(ours)


def _without_dots(written: str) -> str:
    return written.strip().lower().rstrip(".")


def _own_parent(host: str) -> str | None:
    """The domain our host stands in, if it is our own: None for `nama.id`, `nama.co.id`, an IP address."""
    parent = host.partition(".")[2]
    labels = parent.split(".")
    if len(labels) == 1 or labels[-1].isdigit() or (len(labels) == 2 and labels[0] in _SHARED_SECOND_LEVELS):  # noqa: PLR2004
        return None
    return parent


def _is_one_spelling(label: str) -> bool:
    """Whether a label is plain, or the one right way (`xn--…`) to write letters beyond a to z."""
    if label[2:4] != "--":
        return True
    try:
        return label.encode("ascii").decode("idna").encode("idna") == label.encode("ascii") and (
            not label.encode("ascii").decode("idna").isascii()
        )
    except UnicodeError:
        return False
