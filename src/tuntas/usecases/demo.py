"""Fill an empty database so that a first look, and the request that the guides show, work as written."""

from tuntas.store.demo_data import DEMO_PASSWORD, OPERATOR_PASSWORD, insert_demo_data
from tuntas.usecases.backend import Backend
from tuntas.usecases.passwords import hash_password


async def add_demo_data(backend: Backend) -> None:
    """Idempotent; never called outside `tuntas dev`."""
    hashes = hash_password(DEMO_PASSWORD), hash_password(OPERATOR_PASSWORD)
    async with backend.database.transaction() as session:
        await insert_demo_data(session, demo_password_hash=hashes[0], operator_password_hash=hashes[1])
