"""Those who act while processes die: customers, banks and the fraud desk, and our operator."""

import asyncio
import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx
import psycopg

from tests.chaos.house import House
from tests.chaos.plan import OUR_REFUND, Act, Plan, Story, Visit

PRICE, DAYS = 299_000, 365
_AT_ONCE = 24
_PATIENCE_SECONDS = 120
"""How long a customer tries again while the shop is down."""
_PAUSE_SECONDS = 0.3
_CARD = "4811 1111 1111 1114"


class NoAnswer(RuntimeError):
    """Something that must come back did not."""


class HeldUp(NoAnswer):
    """The shop asks for no more money: what came is still being looked at."""


@dataclass(frozen=True, slots=True)
class Customer:
    invitation_id: int
    bearer: str


@dataclass(frozen=True, slots=True)
class Page:
    """A payment page the customer was sent to."""

    order_id: str
    token: str


@dataclass
class Players:
    house: House
    plan: Plan
    http: httpx.AsyncClient
    told: int = 0
    """Facts so far, those of visits that came to nothing included."""
    counts: Counter[str] = field(default_factory=Counter)
    refunds: asyncio.Queue[tuple[str, Act] | None] = field(default_factory=asyncio.Queue)
    _doors: Iterator[str] = field(init=False)
    """The two web processes in turn."""

    def __post_init__(self) -> None:
        self._doors = itertools.cycle(self.house.urls.values())

    @property
    def progress(self) -> float:
        return self.told / self.plan.facts

    async def reach(self, share: float) -> None:
        """Returns when this share of all facts has been told."""
        while self.progress < share:  # noqa: ASYNC110  a counter that many raise and few wait for
            await asyncio.sleep(0.02)

    async def play(self) -> None:
        """Every story, many at once, and the operator's refunds."""
        customers = await asyncio.to_thread(enter_customers, self.house, len(self.plan.stories))
        waiting = list(zip(self.plan.stories, customers, strict=True))[::-1]

        async def serve_customers() -> None:
            while waiting:
                await self._tell(*waiting.pop())

        async with asyncio.TaskGroup() as group:
            operator = group.create_task(self._operate())
            desks = [group.create_task(serve_customers()) for _ in range(_AT_ONCE)]
            await asyncio.wait(desks)
            await self.refunds.put(None)
            await operator

    async def control(self, path: str, **body: Any) -> httpx.Response:
        return await self.http.post(f"{self.house.simulator_url}/_control/{path}", json=body)

    async def _tell(self, story: Story, customer: Customer) -> None:
        pages: list[Page] = []
        for visit in story.visits:
            transaction_id = await self._choose(visit, customer, pages)
            if transaction_id is None:
                self.counts["visits that came to nothing"] += 1
                self.told += 1 + len(visit.acts)
                continue
            self.told += 1
            for act in visit.acts:
                await self._act(customer, pages[-1], transaction_id, act)
                self.told += 1
            await self._check_status(customer, pages[-1], patiently=False)

    async def _choose(self, visit: Visit, customer: Customer, pages: list[Page]) -> str | None:
        """Begin an attempt; None where the page has one that waits or was paid, or money is held up."""
        card = {"card_number": _CARD} if visit.method == "credit_card" else {}
        for first_try in (True, False):
            try:
                page = pages[0] if visit.old_page and pages else await self._page(customer)
            except HeldUp:
                self.counts["customers asked to wait"] += 1
                return None
            pages.append(page)
            reply = await self.control(f"sessions/{page.token}/choose", method=visit.method, **card)
            if reply.is_success:
                return str(reply.json()["transaction_id"])
            if reply.status_code != HTTPStatus.CONFLICT:
                raise NoAnswer(f"choose {visit.method}: {reply.text}")
            if first_try:  # the notification of an earlier payment may be lost: the customer has us ask
                await self._check_status(customer, page)
        return None

    async def _page(self, customer: Customer) -> Page:
        body = {"invitation_id": customer.invitation_id, "renew": True}
        reply = await self._ask("/api/midtrans/create-snap-token", customer, body)
        return Page(reply["order_id"], reply["snap_token"])

    async def _check_status(self, customer: Customer, page: Page, *, patiently: bool = True) -> None:
        """Have us ask Midtrans; asked a moment ago is as good. Whoever is not patient asks only once."""
        body, patience = {"order_id": page.order_id}, _PATIENCE_SECONDS if patiently else 0
        try:
            await self._ask("/api/v1/midtrans/check-status", customer, body, patience=patience)
        except NoAnswer:
            if patiently:
                raise
            self.counts["questions without an answer"] += 1

    async def _act(self, customer: Customer, page: Page, transaction_id: str, act: Act) -> None:
        if act.name == OUR_REFUND:
            await self._check_status(customer, page)  # the operator sees the payment before refunding it
            await self.refunds.put((page.order_id, act))
            return
        reply = await self.control(f"transactions/{transaction_id}/{act.name}", **act.options)
        if not reply.is_success:
            raise NoAnswer(f"{act.name}: {reply.text}")

    async def _operate(self) -> None:
        """Our operator refunds one order after the other; now and then the program is killed."""
        turns = iter(self.plan.refund_kills)
        while (wanted := await self.refunds.get()) is not None:
            order_id, act = wanted
            amount = [f"--amount={act.options['amount']}"] if "amount" in act.options else []
            kill_after = next(turns, None)
            ran = await self.house.run("refund", order_id, "--reason=chaos", *amount, kill_after=kill_after)
            self.counts["refunds killed" if ran.code < 0 else f"refunds ended with code {ran.code}"] += 1

    async def _ask(
        self, path: str, customer: Customer, body: dict[str, Any], *, patience: float = _PATIENCE_SECONDS
    ) -> dict[str, Any]:
        """The answer, asked for again for so many seconds while the shop or its gateway is down."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        headers = {"Authorization": f"Bearer {customer.bearer}"}
        while True:
            try:
                reply = await self.http.post(f"{next(self._doors)}{path}", json=body, headers=headers)
            except httpx.HTTPError as error:
                last = type(error).__name__
            else:
                if reply.is_success or reply.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                    document = reply.json()
                    return document if isinstance(document, dict) else {}
                last = f"{reply.status_code} {reply.text}"
                if '"payment_in_review"' in reply.text:
                    raise HeldUp(f"{path}: {last}")
                if reply.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise NoAnswer(f"{path}: {last}")
            if loop.time() >= deadline:
                raise NoAnswer(f"{path}: {last}")
            self.counts["requests tried again"] += 1
            await asyncio.sleep(_PAUSE_SECONDS)


def enter_customers(house: House, count: int) -> list[Customer]:
    """One user with an open session and one unpaid invitation for each story."""
    customers = []
    with psycopg.connect(house.postgres.url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into packages (name, description, price, days) values ('Chaos', '', %s, %s) returning id",
            (PRICE, DAYS),
        )
        package_id = _id(cursor)
        for number in range(count):
            bearer = f"chaos-{number}"
            cursor.execute(
                "insert into users (name, email, password_hash) values ('Siti', %s, '') returning id",
                (f"customer-{number}@chaos.test",),
            )
            user_id = _id(cursor)
            cursor.execute(
                "insert into sessions values (%s, %s, now(), now() + interval '1 day')",
                (hashlib.sha256(bearer.encode()).digest(), user_id),
            )
            cursor.execute(
                "insert into invitations (owner_id, package_id, price, days, domain)"
                " values (%s, %s, %s, %s, %s) returning id",
                (user_id, package_id, PRICE, DAYS, f"chaos-{number}.test"),
            )
            customers.append(Customer(_id(cursor), bearer))
    return customers


def _id(cursor: psycopg.Cursor[Any]) -> int:
    row = cursor.fetchone()
    if row is None:
        raise NoAnswer("an insert returned nothing")
    return int(row[0])
