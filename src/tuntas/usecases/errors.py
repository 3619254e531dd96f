"""Why a use case refuses. Each class is one stable code; `http.errors` gives it its HTTP status.

UseCaseError
├── Unauthenticated, SessionExpired, InvalidCredentials,
│   ForbiddenOrigin                                         who are you
├── EmailTaken, PasswordTooShort                            registering
├── PackageNotFound, InvitationNotFound, OrderNotFound,
│   NotificationNotFound, AlertNotFound                     no such thing, or not yours
├── DomainTaken, DomainInvalid                              choosing a domain
├── AmountMismatch, AlreadyPaid, TokenInProgress            asking to pay
├── TooManyRequests                                         asking too often
├── Busy                                                    others are at work on the same thing
└── NothingToRefund, RefundTooLarge, RefundByHand,
    WholeRefundOnly, RefundUnderWay, RefundRefused          giving money back

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


class NotificationNotFound(UseCaseError):
    code = "notification_not_found"


class AlertNotFound(UseCaseError):
    code = "alert_not_found"


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


class TooManyRequests(UseCaseError):
    """Asked again too soon; `seconds` says when it is fine."""

    code = "too_many_requests"

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds


class Busy(UseCaseError):
    """Others have been at work on the same thing for too long; nothing was done."""

    code = "busy"


class NothingToRefund(UseCaseError):
    """No payment of this order can be given back in its present state."""

    code = "nothing_to_refund"


class RefundTooLarge(UseCaseError):
    """More than is left of what was paid; `left` is in rupiah."""

    code = "refund_too_large"

    def __init__(self, left: Rupiah) -> None:
        super().__init__()
        self.left = left


class RefundByHand(UseCaseError):
    """Midtrans cannot refund this payment method: the merchant transfers the money itself."""

    code = "refund_by_hand"


class WholeRefundOnly(UseCaseError):
    """This payment can only be given back whole."""

    code = "whole_refund_only"


class RefundUnderWay(UseCaseError):
    """An earlier refund of this order, of another amount, has no answer yet."""

    code = "refund_under_way"


class RefundRefused(UseCaseError):
    """Midtrans or the bank refused; `reason` is their sentence."""

    code = "refund_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason
