"""Notifications stored and applied, a second: Tuntas beside pgbench, the set-based limit and other views.

    python -m bench webhook [--seconds 10] [--rounds 5] [--only tuntas_1 pgbench]

Every notification is a distinct, rightly signed settlement of a pending order of its own. Rivals take turns,
each round on a fresh database of one PostgreSQL with fsync on; a round counts only if every acknowledged
notification stands in every table.
"""

import argparse
import tempfile
from pathlib import Path

from bench import ground, machine, peer_djstripe, pgbench, report, rivals, wrk
from bench.ground import Ground, opened
from bench.measurement import Contender, Measurement, Run

CACHE = Path(__file__).with_name(".cache")
_PREPARED_PER_SECOND = 22_000
"""More than any rival takes in."""
_PREPARED_EXTRA = 20_000
_SCOUT_SECONDS_MAX = 4
"""For each number of clients that pgbench tries."""

_KEYS = "tuntas_1 tuntas_2 pgbench set_based orm_view djstripe"
_SQL = (pgbench.ONE_BY_ONE, pgbench.SET_BASED)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10, help="of a round at full speed")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", metavar="KEY", help=f"of {_KEYS}; writes nothing")
    options = parser.parse_args()
    try:
        run = _measured(options.seconds, options.rounds, set(options.only or ()))
    except (wrk.NoLoad, ground.NoFairGround) as error:
        raise SystemExit(str(error)) from None
    print(f"\n{report.in_words(run)}")
    if not options.only:  # else the last whole table stays
        report.write("webhook", run)


def _measured(seconds: int, rounds: int, only: set[str]) -> Run:
    wrk.installed()
    found = machine.described()
    prepared = seconds * _PREPARED_PER_SECOND + _PREPARED_EXTRA
    print(f"preparing {prepared} pending orders and their notifications ...", flush=True)
    with opened(CACHE / "ground", prepared=prepared) as place:
        bench = _Bench(place, seconds, only)
        bench.scout()
        for number in range(rounds):
            bench.round(number)
        facts = found | place.facts()
    return Run(seconds, rounds, bench.contenders, bench.skipped, bench.clients, facts)


class _Bench:
    """The rivals of one run, taking turns."""

    def __init__(self, place: Ground, seconds: int, only: set[str]) -> None:
        self._place = place
        self._seconds = seconds
        everyone: list[rivals.Rival | pgbench.Script] = [*rivals.tuntas(), *_SQL, rivals.ORM_VIEW]
        self._rivals: dict[str, rivals.Rival | pgbench.Script] = {
            found.key: found for found in everyone if not only or found.key in only
        }
        self.skipped: list[str] = []
        """Who was not measured, and why."""
        if not only or "djstripe" in only:
            self._add_peer()
        self.contenders = [Contender(key, found.name) for key, found in self._rivals.items()]
        self.clients: dict[str, dict[int, float]] = {}
        """What pgbench reached with each number of clients."""

    def _add_peer(self) -> None:
        try:
            peer = peer_djstripe.prepared(self._place, seconds=self._seconds)
        except peer_djstripe.NoPeer as error:
            self.skipped.append(f"dj-stripe is not measured: {error}")
            print(self.skipped[-1], flush=True)
        else:
            self._rivals[peer.key] = peer

    def scout(self) -> None:
        """Find the number of clients with which pgbench is at its best."""
        for script in _SQL:
            if script.key not in self._rivals:
                continue
            tried = self.clients.setdefault(script.key, {})
            for clients in script.clients:
                seconds = min(_SCOUT_SECONDS_MAX, self._seconds)
                found = pgbench.run(self._place, script, clients=clients, seconds=seconds)
                tried[clients] = 0 if found.void else found.rate
                print(
                    f"  {script.key} with {clients} clients: {found.rate:.0f}/s {found.void or ''}",
                    flush=True,
                )

    def round(self, number: int) -> None:
        """Each rival once; who begins changes."""
        turns = [
            *self.contenders[number % len(self.contenders) :],
            *self.contenders[: number % len(self.contenders)],
        ]
        for contender in turns:
            found = self._measure(contender.key)
            contender.rounds.append(found)
            print(
                f"  round {number + 1}: {contender.key:12} {found.rate:7.0f}/s {found.void or ''}", flush=True
            )

    def _measure(self, key: str) -> Measurement:
        rival = self._rivals[key]
        if isinstance(rival, pgbench.Script):
            best = max(self.clients[key], key=lambda clients: self.clients[key][clients])
            return pgbench.run(self._place, rival, clients=best, seconds=self._seconds)
        with tempfile.TemporaryDirectory() as folder:
            return rivals.run(self._place, rival, Path(folder), seconds=self._seconds)


if __name__ == "__main__":
    main()
