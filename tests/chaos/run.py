"""One run from start to verdict."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.chaos.audit import Truth, differences, is_explained, paid_twice, read_books
from tests.chaos.house import WEBHOOK, House, Ran
from tests.chaos.plan import Hold, Plan
from tests.chaos.players import NoAnswer, Players

Say = Callable[[str], None]

_SENT_AGAIN = 3
"""One of so many notifications that had arrived is sent once more at the end, beside all that had not."""
_TWICE_AT_ONCE = 6
"""One of so many of those is posted to both web processes at the same moment as well."""
_AT_ONCE = 24
_TELL_EVERY_SECONDS = 5
_HOLD_TRIES = 60  # a second apart: longer than the database is ever away
_POISON_SECONDS = 90


@dataclass
class Report:
    """What a run did, and what is wrong afterwards."""

    seed: int
    did: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.wrong


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds."""

    whole_run: float
    jobs: float
    """How long the worker has for the jobs that are left; 0 does not wait for them."""


LONG = Limits(whole_run=2 * 60 * 60, jobs=10 * 60)
SHORT = Limits(whole_run=300, jobs=0)


async def run(plan: Plan, folder: Path, *, limits: Limits, say: Say) -> Report:
    """Play the plan, kill, heal, compare. Ends every process that it started, whatever happens."""
    report = Report(plan.seed)
    house = House(folder, plan)
    started = time.monotonic()
    try:
        async with asyncio.timeout(limits.whole_run), httpx.AsyncClient(timeout=60) as http:
            await house.start()
            say(f"up after {time.monotonic() - started:.1f} s: {plan.facts} facts, {len(plan.blows)} blows")
            await _Run(plan, house, Players(house, plan, http), report, limits, say).whole()
    except Exception as error:  # noqa: BLE001  whatever it is, it is the verdict
        report.wrong += [f"{type(cause).__name__}: {cause}" for cause in _causes(error)]
    finally:
        await house.stop()
    report.did["seconds"] = round(time.monotonic() - started)
    return report


@dataclass
class _Run:
    plan: Plan
    house: House
    players: Players
    report: Report
    limits: Limits
    say: Say
    posted: Counter[str] = field(default_factory=Counter)
    """Notifications that went past the simulator to both web processes, and how often they were taken."""

    async def whole(self) -> None:
        supervision = asyncio.create_task(self.house.supervise())
        try:
            await self._storm()
            await self._heal()
            await self._compare("reconciled")
            await self._send_again()
            await self._compare("late and repeated notifications taken in")
            await self._finish_jobs()
            await self._ask_doctor()
        finally:
            supervision.cancel()
            await asyncio.gather(supervision, return_exceptions=True)
            silent = [name for name, code in self.house.fell if code == 0]
            self.report.wrong += [f"{name} ended by itself as if all were well (code 0)" for name in silent]

    async def _storm(self) -> None:
        await self._switch_faults(self.plan.faults)
        self.house.garbler.share = self.plan.garbled
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self._tell_progress())
            striking = group.create_task(self._strike())
            holding = [group.create_task(self._hold(hold)) for hold in self.plan.holds]
            await self.players.play()
            await asyncio.wait([striking, *holding])
            telling.cancel()
        self.report.did |= {
            "facts": self.plan.facts,
            "confirm": self.plan.confirm,
            "invitations": len(self.plan.stories),
            "struck": _counted(self.house.struck),
            "ended by themselves": {
                f"{name} (code {code})": count for (name, code), count in self.house.fell.items()
            },
            "garbled answers": _counted(self.house.garbler.done),
            "faults": sorted(self.plan.faults),
            **self.players.counts,
        }

    async def _switch_faults(self, wanted: dict[str, Any]) -> None:
        """Switch on exactly these. Raises NoAnswer for one that the simulator does not have."""
        url = f"{self.house.simulator_url}/_control/faults"
        reply = await self.players.http.put(url, json=wanted)
        if not reply.is_success:
            raise NoAnswer(f"faults: {reply.text}")

    async def _strike(self) -> None:
        for blow in self.plan.blows:
            await self.players.reach(blow.at)
            await self.house.strike(blow.part, blow.how)
            await asyncio.sleep(blow.pause)
            await self.house.revive(blow.part)

    async def _hold(self, hold: Hold) -> None:
        """Lock the row of an invitation whose order is among the newest, as a forgotten psql would."""
        await self.players.reach(hold.at)
        row = (
            "select id from invitations"
            " where id in (select invitation_id from orders order by created_at desc limit 24)"
            " order by random() limit 1 for update"
        )
        for _ in range(_HOLD_TRIES):
            try:
                connection = await psycopg.AsyncConnection.connect(self.house.postgres.url)
                async with connection:
                    await connection.execute(row)
                    await asyncio.sleep(hold.seconds)
                    await connection.rollback()
            except psycopg.OperationalError:  # the database was struck meanwhile
                self.players.counts["rows let go by a blow"] += 1
                await asyncio.sleep(1)
            else:
                self.players.counts["rows held"] += 1
                return

    async def _tell_progress(self) -> None:
        while True:
            await asyncio.sleep(_TELL_EVERY_SECONDS)
            self.say(f"{self.players.progress:4.0%} told, {self.house.struck.total()} blows")

    async def _heal(self) -> None:
        """Only what an operator and a service manager would do: everything up, refunds resumed, one sync."""
        await self._switch_faults({})
        self.house.garbler.share = 0
        await self.house.ready()
        self.say("all told; nothing fails from now on")
        await self._quiet()
        for row in self._rows("select order_id from refunds where state = 'requested'"):
            await self._expect(0, "refund", row[0], "--reason=chaos")
        synced = await self.house.run("sync")
        self.report.did["sync"] = synced.errors.strip().splitlines()[-1]
        self.say(f"sync: {self.report.did['sync']}")
        await self._expect(0, "sync")  # what is healed stays healed
        if self._rows("select 1 from notifications where handled_at is null limit 1"):
            self.say("waiting for the worker to take poison in again")
            await self._until(
                lambda: not self._rows("select 1 from notifications where handled_at is null"),
                _POISON_SECONDS,
            )

    async def _quiet(self) -> list[dict[str, Any]]:
        """All deliveries, once none is on its way; those that failed wait for their retry, minutes away."""
        while True:
            deliveries = await self._deliveries()
            moving = sum(1 for sent in deliveries if sent["state"] == "queued")
            if not moving:
                return deliveries
            self.say(f"{moving} notifications on their way")
            await asyncio.sleep(min(max(moving / 100, 1), 15))  # a long list is costly to ask for

    async def _deliveries(self) -> list[dict[str, Any]]:
        reply = await self.players.http.get(f"{self.house.simulator_url}/_control/deliveries")
        found = reply.json()
        if not isinstance(found, list):
            raise TypeError("the simulator lists its deliveries as an array")
        return found

    async def _compare(self, when: str) -> None:
        reply = await self.players.http.get(f"{self.house.simulator_url}/_control/state")
        state, garbled = reply.json(), frozenset(self.house.garbler.about)
        truth = Truth(state["transactions"], state["deliveries"], self.posted, garbled)
        books = await asyncio.to_thread(read_books, self.house.postgres.url)
        found = differences(truth, books)
        self.report.wrong += [f"{when}: {difference}" for difference in found]
        statuses = Counter(row["status"] for row in books["orders"])
        self.report.did |= {
            "notifications": len(truth.deliveries),
            "deliveries": sum(len(sent["tries"]) for sent in truth.deliveries),
            "attempts": len(truth.transactions),
            "orders": dict(statuses),
            "grants": len(books["domain_grants"]),
            "refunds": len(books["refunds"]),
            "paid twice": len(paid_twice(truth, books)),
        }
        self.say(f"{when}: {len(truth.transactions)} attempts compared, {len(found)} differences")

    async def _send_again(self) -> None:
        """What was dropped or failed comes late after all, and much of the rest once more, shuffled."""
        deliveries = await self._deliveries()
        draw = random.Random(self.plan.seed)
        late = [sent for sent in deliveries if sent["state"] != "delivered"]
        known = [sent for sent in deliveries if sent["state"] == "delivered"]
        again = late + draw.sample(known, len(known) // _SENT_AGAIN)
        draw.shuffle(again)
        self.say(f"sending {len(again)} again, {len(late)} of them for the first time")

        async def send() -> None:
            while again:
                reply = await self.players.control(f"deliveries/{again.pop()['id']}/resend")
                reply.raise_for_status()

        bodies = [sent["body"] for sent in again[::_TWICE_AT_ONCE]]
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(send())
            for body in bodies:
                await asyncio.gather(*(self._post(url, body) for url in self.house.urls.values()))
        await self._quiet()

    async def _post(self, url: str, body: str) -> None:
        reply = await self.players.http.post(f"{url}{WEBHOOK}", content=body)
        if reply.is_success:
            self.posted[body] += 1
        else:
            self.report.wrong.append(f"a notification sent once more: {reply.status_code} {reply.text}")

    async def _finish_jobs(self) -> None:
        """No job may have been given up, and none be left, not even one whose worker was killed."""
        given_up = "select task_name, count(*) from procrastinate_jobs where status = 'failed' group by 1"
        if not self.limits.jobs:
            self.report.wrong += [f"jobs given up: {row}" for row in self._rows(given_up)]
            return
        query = (
            "select task_name, status, count(*) from procrastinate_jobs"
            " where status = 'doing' or (status = 'todo' and task_name = 'confirm') group by 1, 2"
        )
        if not await self._until(lambda: not self._rows(query), self.limits.jobs):
            self.report.wrong += [f"jobs left: {row}" for row in self._rows(query)]
        self.report.wrong += [f"jobs given up: {row}" for row in self._rows(given_up)]
        waiting = self._rows("select id from notifications where outcome = 'awaiting_confirmation'")
        self.report.wrong += [f"notification {row[0]} was never confirmed" for row in waiting]

    async def _ask_doctor(self) -> None:
        """After the remedy that alerts name, what still alarms must be for a person to decide."""
        await self._expect(0, "sync")
        said = await self.house.run("doctor", "--json")
        lines = [json.loads(line) for line in said.output.splitlines()]
        self.report.wrong += [f"doctor: {line}" for line in lines if "invariant" in line]
        truth = Truth([], [], garbled=frozenset(self.house.garbler.about))
        alerts = [line for line in lines if "alert" in line]
        unexplained = [line for line in alerts if not is_explained(line["kind"], line["subject"], truth)]
        self.report.wrong += [f"doctor: {line}" for line in unexplained]
        if said.code not in {0, 1}:
            self.report.wrong.append(f"doctor ended with code {said.code}: {said.errors}")

    async def _expect(self, code: int, *arguments: str) -> Ran:
        ran = await self.house.run(*arguments)
        if ran.code != code:
            self.report.wrong.append(f"tuntas {' '.join(arguments)}: code {ran.code}: {ran.errors[-500:]}")
        return ran

    async def _until(self, holds: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(1)
        return True

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.house.postgres.url) as connection:
            return connection.execute(query).fetchall()


def _counted(counts: Counter[str]) -> dict[str, int]:
    return {str(name): count for name, count in sorted(counts.items())}


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What a group of failed tasks failed for."""
    if isinstance(error, BaseExceptionGroup):
        for cause in error.exceptions:
            yield from _causes(cause)
    else:
        yield error
