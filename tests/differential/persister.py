"""Fresh streams through Prefect's real event persister and through Hangar's: nothing may differ.

    python3 tests/differential/persister.py                 4 seeds, each on both storages
    python3 tests/differential/persister.py --seed SEED     one of them again
    python3 tests/differential/persister.py --stream FILE   a stream of one's own

Each storage is compared with what Prefect leaves in the same kind of database.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import sys
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from differential.candidate import TAKEN, Candidate, Plan, Recording
from differential.generate import generate
from differential.oracle import Oracle, Verdict
from differential.run import STORAGES, Options, fresh_seeds, joined, rejections, report
from differential.shrink import shrink
from support.event_rows import compare_event_rows, read_event_rows
from support.flow_runs import stream_lines
from support.servers import PostgresServer

SERVICE = "event_persister"
_TAKEN_EVENT = "00000000-0000-4000-8000-0000000e7e47"


class Persister(Candidate):
    """Hangar's persister alone."""

    service = SERVICE
    config = (
        "services: {task_run_recorder: {enabled: false},"
        " event_persister: {enabled: true, db_vacuum: {enabled: []}}}\n"
    )
    emptied = "TRUNCATE events, event_resources;"

    def _taken_first(self, without: Set[UUID]) -> list[bytes]:
        # Without it nothing would show that the database takes any event, where a stream begins
        # with one that PostgreSQL refuses.
        return [TAKEN]

    def _read(
        self, database: str, recorded: tuple[datetime.datetime, datetime.datetime]
    ) -> Mapping[str, Any]:
        return {
            table: [row for row in rows if _TAKEN_EVENT not in (row.get("id"), row.get("event_id"))]
            for table, rows in read_event_rows(database, recorded).items()
        }


def event_differences(verdict: Verdict, recording: Recording, storage: str) -> list[str]:
    """Everything in which Hangar is not the reference of the same storage."""
    if recording.failure:
        return [recording.failure]
    cells = compare_event_rows(verdict.rows, recording.tables, texts=storage == "sqlite")
    return rejections(verdict, recording) + cells


class PersisterPair:
    """Prefect's persister on each storage, and one Hangar, that work on the same streams."""

    def __init__(self, oracles: Mapping[str, Oracle], candidate: Persister) -> None:
        self._oracles = oracles
        self._candidate = candidate
        self.without: frozenset[UUID] = frozenset()
        self.release = next(iter(oracles.values())).release

    @classmethod
    @contextlib.contextmanager
    def opened(cls, server: PostgresServer, storages: Iterable[str]) -> Iterator[PersisterPair]:
        with contextlib.ExitStack() as stack:
            oracles = {
                one: stack.enter_context(
                    Oracle(server if one == "postgres" else None, service=SERVICE)
                )
                for one in storages
            }
            yield cls(oracles, stack.enter_context(Persister(server)))

    def compare(self, lines: list[bytes], plans: Iterable[Plan]) -> list[tuple[Plan, list[str]]]:
        stream = joined(lines)
        failed = []
        for plan in plans:
            verdict = self._oracles[plan.storage].record(stream)
            recording = self._candidate.record(stream, plan)
            if found := event_differences(verdict, recording, plan.storage):
                failed.append((plan, found))
        return failed

    def smallest(self, lines: list[bytes], plan: Plan, within: float) -> tuple[list[bytes], Plan]:
        return shrink(lines, lambda some: bool(self.compare(some, [plan])), within=within), plan

    def reports(self, title: str, seed: int, lines: list[bytes], options: Options) -> list[str]:
        """What differs, each storage under a plan of the seed."""
        plans = [Plan.of(seed, one, self.release, foreign_keys=False) for one in options.storages]
        return [
            report(self, title, lines, plan, found, options.shrink_within)
            for plan, found in self.compare(lines, plans)
        ]


def compare_persister_seeds(options: Options) -> list[str]:
    """Says and returns the reports of differences."""
    reports = []
    with PostgresServer(fsync=False) as server, PersisterPair.opened(server, STORAGES) as pair:
        for seed in fresh_seeds(options, _say):
            found = pair.reports(f"SEED {seed}", seed, generate(seed), options)
            _say("\n\n".join((f"seed {seed}: {'DIFFERS' if found else 'equal'}", *found)))
            reports += found
    return reports


def _say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("--seeds", type=int, default=4, help="how many fresh seeds")
    words.add_argument("--seed", type=int, help="this seed alone")
    words.add_argument("--stream", type=Path, help="this file instead of a seed's stream")
    chosen = words.parse_args()
    options = Options(1 if chosen.seed is not None else chosen.seeds, chosen.seed)
    if chosen.stream is None:
        return 1 if compare_persister_seeds(options) else 0
    with PostgresServer(fsync=False) as server, PersisterPair.opened(server, STORAGES) as pair:
        lines = stream_lines(chosen.stream.read_bytes())
        found = pair.reports(chosen.stream.name, 0, lines, options)
        _say("\n\n".join(found) or "equal")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
