"""How long good events take beside one of a hundred that cannot be recorded, kind by kind."""

from __future__ import annotations

import collections
import contextlib
import json
import statistics
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from bench.client_events import AT_ONCE, client_events
from bench.world import RECORDER, Stream, World, times
from support.copies import copied_events
from support.flow_runs import flow_runs_in
from support.program import flags, hangar_running
from support.servers import postgres_bin, psql, wait_until

HEADING = "## Beside one event of a hundred that cannot be recorded"
_ONE_OF = 100
_TABLE = "task_run_state"
_TRIGGER = (
    "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF NEW.message = 'poison' THEN RAISE 'refused'; END IF; RETURN NEW; END $$; "
    f"CREATE TRIGGER refuse BEFORE INSERT ON {_TABLE} FOR EACH ROW EXECUTE FUNCTION refuse()"
)
_NOTHING_REFUSED = (
    f"DROP TRIGGER IF EXISTS refuse ON {_TABLE}; "
    f"ALTER TABLE {_TABLE} DROP CONSTRAINT IF EXISTS refuse"
)


@dataclass
class Poison:
    """Seconds until the last good event was recorded, in turns."""

    kind: str
    beside: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)

    def line(self) -> str:
        beside, alone = statistics.median(self.beside), statistics.median(self.alone)
        return f"| {self.kind} | {beside:.2f} s | {alone:.2f} s | {beside / alone:.2f} |"


def poison_section(found: Sequence[Poison], events: int, rounds: int) -> str:
    lines = [
        HEADING,
        f"Until the last good one of {events:,} events is recorded on PostgreSQL, with the default "
        f"settings: beside one of a hundred of a kind, and the same events without; medians of "
        f"{rounds} rounds in turns.",
        "",
        "| | beside | without | times |",
        "|---|---|---|---|",
        *(one.line() for one in found),
    ]
    return "\n".join(lines) + "\n"


def poison(world: World, events: int, rounds: int) -> list[Poison]:
    bench = _Bench(world, events)
    kinds: list[tuple[str, Callable[[bool], float]]] = [
        ("refused by the decoder", bench.decoder),
        ("refused by a CHECK of a table", bench.constraint),
        ("refused by a trigger, P0001", bench.trigger),
        ("its flow run is missing", bench.orphans),
        ("its run is locked by an idle session", bench.locked),
    ]
    found = [Poison(kind) for kind, _ in kinds]
    for _ in range(rounds):
        for one, (_, measure) in zip(found, kinds, strict=True):
            one.alone.append(measure(False))
            one.beside.append(measure(True))
    return found


def _with_message(line: bytes) -> bytes:
    event = json.loads(line)
    event["payload"]["validated_state"]["message"] = "poison"
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


class _Bench:
    def __init__(self, world: World, events: int) -> None:
        base = client_events()
        copies = max(1, round(events / len(base)))
        self.world = world
        self.lines = copied_events(base, copies, seed=1, at_once=AT_ONCE)
        self.flow_runs = flow_runs_in(self.lines)
        self.good = self._stream(lambda line: line)
        self.refused = self._stream(_with_message)
        self.malformed = self._stream(lambda line: line[:-1])
        self.bad = len(self.lines[::_ONE_OF])

    def _stream(self, change: Callable[[bytes], bytes]) -> Stream:
        lines = [change(x) if i % _ONE_OF == 0 else x for i, x in enumerate(self.lines)]
        return self.world.stream(self.world.write(lines))

    def decoder(self, beside: bool) -> float:
        return self._time(self.malformed if beside else self.good, self.bad if beside else 0)

    def constraint(self, beside: bool) -> float:
        check = f"ALTER TABLE {_TABLE} ADD CONSTRAINT refuse CHECK (message <> 'poison')"
        return self._refused(beside, check)

    def trigger(self, beside: bool) -> float:
        return self._refused(beside, _TRIGGER)

    def _refused(self, beside: bool, sql: str) -> float:
        return self._time(
            self.refused if beside else self.good, self.bad if beside else 0, prepare=sql
        )

    def orphans(self, beside: bool) -> float:
        if not beside:
            return self._time(self.good, 0)
        counts = collections.Counter(one for x in self.lines for one in flow_runs_in([x]))
        gone: set[UUID] = set()
        for flow_run in self.flow_runs:
            if sum(counts[one] for one in gone) < self.bad:
                gone.add(flow_run)
        there = [one for one in self.flow_runs if one not in gone]
        return self._time(self.good, sum(counts[one] for one in gone), there)

    def locked(self, beside: bool) -> float:
        """The runs of one event of a hundred are there already, in both cases."""
        ids: dict[str, str] = {}
        for line in self.lines[:: _ONE_OF * 3]:
            event = json.loads(line)
            one = str(event["resource"]["prefect.resource.id"]).rpartition(".")[2]
            run = event["payload"]["task_run"]
            flow_run = "".join(f"'{its}'" for its in flow_runs_in([line])) or "NULL"
            key = f"'{run['task_key']}', '{run['dynamic_key']}', {flow_run}::uuid"
            ids[one] = f"('{one}'::uuid, {key})"
        sql = (
            "INSERT INTO task_run (id, name, task_key, dynamic_key, flow_run_id, run_count, "
            "empirical_policy, task_inputs, tags, labels, flow_run_run_count, total_run_time) "
            "SELECT id, 'n', task_key, dynamic_key, flow_run_id, 0, '{}', '{}', '[]', '{}', 0, '0' "
            f"FROM (VALUES {', '.join(ids.values())}) AS ids (id, task_key, dynamic_key, "
            "flow_run_id)"
        )
        waiting = sum(any(one.encode() in x for one in ids) for x in self.lines) if beside else 0
        return self._time(self.good, waiting, prepare=sql, lock=beside)

    def _time(
        self,
        stream: Stream,
        bad: int,
        flow_runs: Sequence[UUID] | None = None,
        prepare: str = "",
        *,
        lock: bool = False,
    ) -> float:
        world, states = self.world, len(self.lines) - bad
        durable = world.durable(stream)
        log = world.folder / f"poison-{durable}.log"
        with (
            world.postgres_database(self.flow_runs if flow_runs is None else flow_runs) as database,
            contextlib.ExitStack() as held,
        ):
            psql(database, f"{_NOTHING_REFUSED}; {prepare}")
            if lock:
                held.enter_context(_session(database, "SELECT id FROM task_run FOR UPDATE"))
            words = flags(world.settings(stream, {RECORDER: durable}, database))
            with hangar_running(*words, log=log) as process:
                wait_until(
                    lambda: int(psql(database, f"SELECT count(*) FROM {_TABLE}")) >= states,
                    what=f"{states} states",
                    process=process,
                    log=log,
                )
            last = float(psql(database, f"SELECT extract(epoch FROM max(created)) FROM {_TABLE}"))
            psql(database, _NOTHING_REFUSED)
        world.drop_durable(stream, durable)
        return last - times(log)[0]


@contextlib.contextmanager
def _session(database: str, sql: str) -> Iterator[None]:
    """Somebody has done this in a transaction that stays open."""
    holder = subprocess.Popen(
        [postgres_bin() / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", database],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdin is not None and holder.stdout is not None
    try:
        holder.stdin.write(f"BEGIN; {sql};\n\\echo done\n".encode())
        holder.stdin.flush()
        while holder.stdout.readline().strip() != b"done":
            pass
        yield
    finally:
        holder.communicate()
