"""`/api/v1/packages`, `/api/v1/invitations` and `/api/v1/user-profile`."""

from http import HTTPStatus

from fastapi import APIRouter

from tuntas.api.schemas import InvitationOut, PackageOut, ProfileOut, UserOut
from tuntas.http.bodies import InvitationIn, InvitationPatch
from tuntas.http.caller import CurrentBackend, CurrentUser
from tuntas.usecases import invitations

router = APIRouter(tags=["invitations"])


@router.get("/packages")
async def packages(backend: CurrentBackend) -> list[PackageOut]:
    return [PackageOut.of(package) for package in await invitations.packages(backend)]


@router.post("/invitations", status_code=HTTPStatus.CREATED)
async def add(backend: CurrentBackend, user: CurrentUser, body: InvitationIn) -> InvitationOut:
    view = await invitations.add_invitation(backend, user.id, **body.model_dump())
    return InvitationOut.of(view)


@router.get("/invitations")
async def own(backend: CurrentBackend, user: CurrentUser) -> list[InvitationOut]:
    return [InvitationOut.of(view) for view in await invitations.invitations_of(backend, user.id)]


@router.get("/invitations/{invitation_id}")
async def one(backend: CurrentBackend, user: CurrentUser, invitation_id: int) -> InvitationOut:
    return InvitationOut.of(await invitations.invitation_of(backend, user.id, invitation_id))


@router.patch("/invitations/{invitation_id}")
async def change(
    backend: CurrentBackend, user: CurrentUser, invitation_id: int, body: InvitationPatch
) -> InvitationOut:
    changes = body.model_dump(exclude_unset=True)
    return InvitationOut.of(await invitations.change_invitation(backend, user.id, invitation_id, changes))


@router.get("/user-profile")
async def profile(backend: CurrentBackend, user: CurrentUser) -> ProfileOut:
    own = [InvitationOut.of(view) for view in await invitations.invitations_of(backend, user.id)]
    return ProfileOut(user=UserOut.of(user), invitation=own[0] if own else None, invitations=own)
