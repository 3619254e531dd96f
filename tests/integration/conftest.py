"""The whole house on loopback: our server, the simulator, PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from tests.stand import Stand, open_stand


@pytest.fixture
async def stand(database_url: str) -> AsyncIterator[Stand]:
    async with open_stand(database_url) as opened:
        yield opened
