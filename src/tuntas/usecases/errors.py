"""Why a use case refuses. Each class is one stable code; `http.errors` gives it its HTTP status.

UseCaseError
├── Unauthenticated, SessionExpired, InvalidCredentials,
│   ForbiddenOrigin                                         who are you
├── EmailTaken, PasswordTooShort, PasswordCommon            registering
├── PackageNotFound, InvitationNotFound, OrderNotFound,
│   NotificationNotFound, AlertNotFound                     no such thing, or not yours
├── PackageExists                                           changing what is sold
├── NotAnOrphan, NothingToDecide                            deciding about money
├── DomainTaken, DomainInvalid, DomainReserved,
│   DomainFixed, DomainReleased, DomainElsewhere,
│   TooManyUnpaid                                           choosing a domain
├── AmountMismatch, AlreadyPaid, FinishUrlNotAllowed,
│   PaymentInReview, TokenInProgress                                         asking to pay
├── TooManyRequests, Overloaded                             asking too often, or all at once
├── Busy                                                    others are at work on the same thing
└── NothingToRefund, TransactionNeeded, RefundTooLarge,
    RefundByHand, WholeRefundOnly, RefundUnderWay,
    RefundUncertain, NoRefundUnderWay, ReferenceTaken,
    RefundRefused                                           giving money back

Midtrans failing us is a `midtrans.errors.GatewayError`, which has a code of its own.
"""

from collections.abc import Sequence
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


class PasswordCommon(UseCaseError):
    """Who guesses would try it early."""

    code = "password_common"


class PackageNotFound(UseCaseError):
    code = "package_not_found"


class PackageExists(UseCaseError):
    """There is one of this name, offered or retired."""

    code = "package_exists"


class InvitationNotFound(UseCaseError):
    code = "invitation_not_found"


class OrderNotFound(UseCaseError):
    code = "order_not_found"


class NotificationNotFound(UseCaseError):
    code = "notification_not_found"


class NotificationArchived(NotificationNotFound):
    """It was taken in long ago and decided, and its body is in an archive (`tuntas archive`)."""


class NotAnOrphan(UseCaseError):
    """The notification was taken in for an order already, or was not believed."""

    code = "not_an_orphan"


class NothingToDecide(UseCaseError):
    """No payment of this order, by this transaction id, waits for a person's decision."""

    code = "nothing_to_decide"


class AlertNotFound(UseCaseError):
    code = "alert_not_found"


class DomainTaken(UseCaseError):
    code = "domain_taken"


class DomainInvalid(UseCaseError):
    code = "domain_invalid"


class DomainReserved(UseCaseError):
    code = "domain_reserved"


class DomainFixed(UseCaseError):
    """Time was bought for this address: it is known to guests and stays."""

    code = "domain_fixed"


class DomainReleased(UseCaseError):
    """The name was not paid for in time and is somebody else's now: another must be chosen before paying."""

    code = "domain_released"


class DomainElsewhere(UseCaseError):
    """The customer's own domain does not point here."""

    code = "domain_elsewhere"


class TooManyUnpaid(UseCaseError):
    """So many invitations wait for their first payment that no more are kept."""

    code = "too_many_unpaid"


class AmountMismatch(UseCaseError):
    """The caller's amount is not the price; `price` is, in rupiah."""

    code = "amount_mismatch"

    def __init__(self, price: Rupiah) -> None:
        super().__init__()
        self.price = price


class AlreadyPaid(UseCaseError):
    code = "already_paid"


class PaymentInReview(UseCaseError):
    """Money for it is on its way or in, and undecided: paying once more would be paying twice."""

    code = "payment_in_review"


class FinishUrlNotAllowed(UseCaseError):
    """Customers are sent back to origins that the configuration names, and nowhere else."""

    code = "finish_url_not_allowed"


class TokenInProgress(UseCaseError):
    """Another request has been asking Midtrans for the same token for too long."""

    code = "token_in_progress"


class TooManyRequests(UseCaseError):
    """Asked again too soon; `seconds` says when it is fine."""

    code = "too_many_requests"

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds


class Overloaded(UseCaseError):
    """More of this at once than we work on; `seconds` says when to come again."""

    code = "overloaded"

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds


class Busy(UseCaseError):
    """Others have been at work on the same thing for too long; nothing was done."""

    code = "busy"


class NothingToRefund(UseCaseError):
    """No payment of this order can be given back in its present state."""

    code = "nothing_to_refund"


class TransactionNeeded(UseCaseError):
    """Several payments of this order are meant as well; `ids` are theirs, and one must be named."""

    code = "transaction_needed"

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(ids=", ".join(ids))
        self.ids = tuple(ids)


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
    """An earlier refund of this payment has no answer yet, and can still be asked about safely."""

    code = "refund_under_way"


class RefundUncertain(UseCaseError):
    """A refund has had no answer until Midtrans forgot its key: a person must look whether it was done."""

    code = "refund_uncertain"


class NoRefundUnderWay(UseCaseError):
    """There is no refund without an answer that a person could tell us about."""

    code = "no_refund_under_way"


class ReferenceTaken(UseCaseError):
    """A transfer by hand with this number is written down already, with another amount or payment."""

    code = "reference_taken"


class RefundRefused(UseCaseError):
    """Midtrans or the bank refused; `reason` is their sentence."""

    code = "refund_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason
