"""Browsers without scripts, and the one server they all visit."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.database import new_database
from tests.integration.pages.shop import COOKIE, new_session
from tests.stand import Stand, open_stand
from tuntas.store.embedded import EmbeddedPostgres


@pytest.fixture(scope="module")
async def stand(postgres: EmbeddedPostgres) -> AsyncIterator[Stand]:
    """One for all tests of a file: each brings people and domains of its own."""
    with new_database(postgres) as url:
        async with open_stand(url) as opened:
            yield opened


@pytest.fixture
async def stranger(stand: Stand) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that never logged in; it follows no redirect by itself."""
    async with httpx.AsyncClient(base_url=stand.url) as http:
        yield http


@pytest.fixture
async def customer(stand: Stand) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of a new customer, logged in."""
    async with httpx.AsyncClient(base_url=stand.url, cookies={COOKIE: await new_session(stand)}) as http:
        yield http
