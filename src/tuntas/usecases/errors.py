"""Why a use case refuses. Each class is one stable code; `api.errors` gives it its HTTP status.

UseCaseError
├── Unauthenticated, SessionExpired, InvalidCredentials,
│   ForbiddenOrigin                                         who are you
├── EmailTaken, PasswordTooShort                            registering
├── PackageNotFound, InvitationNotFound, OrderNotFound      no such thing, or not yours
├── DomainTaken, DomainInvalid                              choosing a domain
└── AmountMismatch, AlreadyPaid, TokenInProgress            asking to pay

Midtrans failing us is a `midtrans.errors.GatewayError`, which has a code of its own.
"""

from typing import ClassVar

from tuntas.domain.money import Rupiah


class UseCaseError(Exception):
    """Base; `code` is stable, `values` fill the placeholders of its sentence."""

    code: ClassVar[str]

    def __init__(self, **values: object) -> None:
        super().__init__(self.code)
        self.values = values


class Unauthenticated(UseCaseError):
    code = "unauthenticated"


class SessionExpired(UseCaseError):
    code = "session_expired"


class InvalidCredentials(UseCaseError):
    code = "invalid_credentials"


class ForbiddenOrigin(UseCaseError):
    """Another site's page made the caller's browser send this."""

    code = "forbidden_origin"


class EmailTaken(UseCaseError):
    code = "email_taken"


class PasswordTooShort(UseCaseError):
    code = "password_too_short"


class PackageNotFound(UseCaseError):
    code = "package_not_found"


class InvitationNotFound(UseCaseError):
    code = "invitation_not_found"


class OrderNotFound(UseCaseError):
    code = "order_not_found"


class DomainTaken(UseCaseError):
    code = "domain_taken"


class DomainInvalid(UseCaseError):
    code = "domain_invalid"


class AmountMismatch(UseCaseError):
    """The caller's amount is not the price; `price` is, in rupiah."""

    code = "amount_mismatch"

    def __init__(self, price: Rupiah) -> None:
        super().__init__()
        self.price = price


class AlreadyPaid(UseCaseError):
    code = "already_paid"


class TokenInProgress(UseCaseError):
    """Another request has been asking Midtrans for the same token for too long."""

    code = "token_in_progress"
