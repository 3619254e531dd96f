"""A Midtrans that says what a test wants: refusals, silence, nonsense that the simulator would never say."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx

Answer = httpx.Response
Reply = Callable[[dict[str, Any]], Answer]

TOKEN = {
    "token": "0d8178e1-c6c7-4ab4-81a6-893be9d924ab",
    "redirect_url": "https://app.example.test/snap/v4/r",
}


def says(status: int, document: object) -> Answer:
    """JSON as a careless sender writes it: half characters and all."""
    return Answer(status, content=json.dumps(document).encode(), headers={"Content-Type": "application/json"})


def gives_a_token(_request: dict[str, Any]) -> Answer:
    return says(201, TOKEN)


def refuses(*sentences: object) -> Reply:
    return lambda _request: says(400, {"error_messages": sentences})


class Gateway(httpx.AsyncBaseTransport):
    """Answers each request with `reply`, once `open` is set, and remembers what it was asked."""

    def __init__(self, reply: Reply = gives_a_token) -> None:
        self.reply = reply
        self.asked: list[dict[str, Any]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.arrived = asyncio.Event()
        """Set when somebody asks."""

    async def handle_async_request(self, request: httpx.Request) -> Answer:
        body = json.loads(await request.aread() or b"{}")
        self.asked.append(body)
        self.arrived.set()
        await self.open.wait()
        return self.reply(body)
