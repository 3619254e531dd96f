"""`/api/v1/packages`, `/api/v1/invitations` and `/api/v1/user-profile`."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from tuntas.api.openapi import refusals
from tuntas.api.schemas import InvitationOut, PackageOut, ProfileOut, UserOut
from tuntas.http.bodies import InvitationIn, InvitationPatch
from tuntas.http.caller import CurrentBackend, CurrentLanguage, CurrentUser
from tuntas.language import Language
from tuntas.usecases import invitations
from tuntas.usecases.check_domain import check_domain
from tuntas.usecases.errors import (
    DomainElsewhere,
    DomainFixed,
    DomainInvalid,
    DomainReserved,
    DomainTaken,
    InvitationNotFound,
    Overloaded,
    PackageNotFound,
    TooManyRequests,
    TooManyUnpaid,
)
from tuntas.usecases.packages import offer_of, on_offer

router = APIRouter(tags=["invitations"])

_PAGE = 50
"""Invitations in one answer, where the caller does not say."""

Limit = Annotated[int, Query(ge=1, le=invitations.PAGE_MAX)]
Before = Annotated[int | None, Query(gt=0, lt=2**63)]


@router.get("/packages", summary="What can be bought")
async def packages(backend: CurrentBackend, language: CurrentLanguage) -> list[PackageOut]:
    """Cheapest first, in the caller's language."""
    return [PackageOut.of(offer_of(package, language)) for package in await on_offer(backend)]


@router.post(
    "/invitations",
    summary="Choose a package and an address",
    status_code=HTTPStatus.CREATED,
    responses=refusals(PackageNotFound, DomainInvalid, DomainReserved, DomainTaken, TooManyUnpaid),
)
async def add(
    backend: CurrentBackend, user: CurrentUser, language: CurrentLanguage, body: InvitationIn
) -> InvitationOut:
    view = await invitations.add_invitation(backend, user.id, **body.model_dump())
    return InvitationOut.of(view, language)


@router.get("/invitations", summary="Own invitations")
async def own(
    backend: CurrentBackend,
    user: CurrentUser,
    language: CurrentLanguage,
    response: Response,
    limit: Limit = _PAGE,
    before: Before = None,
) -> list[InvitationOut]:
    """Newest first. When there are older ones, the header `Link` tells where (`rel="next"`)."""
    shelf = await invitations.invitations_of(backend, user.id, before=before, limit=limit)
    return _listed(shelf, response, limit, language)


@router.get("/invitations/{invitation_id}", summary="One of them", responses=refusals(InvitationNotFound))
async def one(
    backend: CurrentBackend, user: CurrentUser, language: CurrentLanguage, invitation_id: int
) -> InvitationOut:
    return InvitationOut.of(await invitations.invitation_of(backend, user.id, invitation_id), language)


@router.patch(
    "/invitations/{invitation_id}",
    summary="Change what guests see, or the address",
    responses=refusals(InvitationNotFound, DomainInvalid, DomainReserved, DomainFixed, DomainTaken),
)
async def change(
    backend: CurrentBackend,
    user: CurrentUser,
    language: CurrentLanguage,
    invitation_id: int,
    body: InvitationPatch,
) -> InvitationOut:
    changes = body.model_dump(exclude_unset=True)
    changed = await invitations.change_invitation(backend, user.id, invitation_id, changes)
    return InvitationOut.of(changed, language)


@router.post(
    "/invitations/{invitation_id}/check-domain",
    summary="See whether the customer's own domain points here",
    responses=refusals(InvitationNotFound, DomainElsewhere, TooManyRequests, Overloaded),
)
async def check(
    backend: CurrentBackend, user: CurrentUser, language: CurrentLanguage, invitation_id: int
) -> InvitationOut:
    return InvitationOut.of(await check_domain(backend, user.id, invitation_id), language)


@router.get("/user-profile", summary="The caller and their invitations")
async def profile(
    backend: CurrentBackend, user: CurrentUser, language: CurrentLanguage, response: Response
) -> ProfileOut:
    """The newest invitations; when there are older ones, the header `Link` tells where."""
    shelf = await invitations.invitations_of(backend, user.id, limit=_PAGE)
    own = _listed(shelf, response, _PAGE, language)
    return ProfileOut(user=UserOut.of(user), invitation=own[0] if own else None, invitations=own)


def _listed(
    shelf: invitations.Shelf, response: Response, limit: int, language: Language
) -> list[InvitationOut]:
    if shelf.more:
        older = f"/api/v1/invitations?limit={limit}&before={shelf.views[-1].invitation.id}"
        response.headers["Link"] = f'<{older}>; rel="next"'
    return [InvitationOut.of(view, language) for view in shelf.views]
