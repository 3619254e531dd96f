"""What a first look needs: packages, one customer with an unpaid invitation 5, one operator."""

from datetime import date

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from tuntas.store.database import UnitOfWork
from tuntas.store.models import Invitation, Package, User

DEMO_EMAIL = "demo@tuntas.test"
DEMO_PASSWORD = "demo-password"  # noqa: S105  printed by `tuntas dev`, exists nowhere else
OPERATOR_EMAIL = "operator@tuntas.test"
OPERATOR_PASSWORD = "operator-password"  # noqa: S105  printed by `tuntas dev`, exists nowhere else

_INVITATION_ID = 5
_PACKAGES = [
    {
        "name": "Melati",
        "description": "Undangan sederhana untuk acara keluarga.",
        "price": 149_000,
        "days": 180,
        "features": ["Peta lokasi", "Boleh memakai domain sendiri"],
        "name_en": "Melati",
        "description_en": "A simple invitation for a family occasion.",
        "features_en": ["A map to the place", "Your own domain, if you have one"],
    },
    {
        "name": "Kenanga",
        "description": "Undangan lengkap, aktif satu tahun penuh.",
        "price": 299_000,
        "days": 365,
        "features": ["Peta lokasi", "Boleh memakai domain sendiri"],
        "name_en": "Kenanga",
        "description_en": "A complete invitation, live for a whole year.",
        "features_en": ["A map to the place", "Your own domain, if you have one"],
    },
    {
        "name": "Cempaka",
        "description": "Kenangan yang tetap dapat dibuka selama dua tahun.",
        "price": 499_000,
        "days": 730,
        "features": ["Peta lokasi", "Boleh memakai domain sendiri"],
        "name_en": "Cempaka",
        "description_en": "A memory that can be opened for two years.",
        "features_en": ["A map to the place", "Your own domain, if you have one"],
    },
]


async def insert_demo_data(
    session: UnitOfWork, *, demo_password_hash: str, operator_password_hash: str
) -> None:
    """Add what is missing; what is there stays as it is."""
    people = [
        {"name": "Rani Demo", "email": DEMO_EMAIL, "password_hash": demo_password_hash, "role": "customer"},
        {
            "name": "Operator Demo",
            "email": OPERATOR_EMAIL,
            "password_hash": operator_password_hash,
            "role": "operator",
        },
    ]
    await session.execute(insert(User).values(people).on_conflict_do_nothing(index_elements=[User.email]))
    await session.execute(
        insert(Package).values(_PACKAGES).on_conflict_do_nothing(index_elements=[Package.name])
    )
    package = (await session.scalars(select(Package).where(Package.name == "Kenanga"))).one()
    owner_id = (await session.scalars(select(User.id).where(User.email == DEMO_EMAIL))).one()
    await session.execute(
        insert(Invitation)
        .values(
            id=_INVITATION_ID,
            owner_id=owner_id,
            package_id=package.id,
            price=package.price,
            days=package.days,
            domain="rani-bima",
            title="Rani & Bima",
            event_date=date(2027, 2, 14),
            venue="Pendopo Agung, Yogyakarta",
        )
        .on_conflict_do_nothing()
    )
    newest = select(func.max(Invitation.id)).scalar_subquery()
    await session.execute(select(func.setval(text("pg_get_serial_sequence('invitations', 'id')"), newest)))
