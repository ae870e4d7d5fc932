"""How the rate goes as the work grows: one run each, Hangar on PostgreSQL."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.client_events import AT_ONCE, client_events
from bench.world import Sample, World
from support.copies import copied_events
from support.flow_runs import flow_runs_in
from support.servers import psql

BATCH = 5_000
_LARGEST_BATCH = 10_000


@dataclass(frozen=True)
class Point:
    at: float
    sample: Sample


@dataclass(frozen=True)
class Curve:
    """Rates over one thing that grows."""

    what: str
    points: Sequence[Point]


def curves(world: World, events: int) -> list[Curve]:
    """`events` is the middle of what grows: 200,000 gives backlogs of 10,000 to 1,000,000."""
    large = Backlogs(world, events * 5)
    usual = events // 2
    batches = [1, 10, 100, 1_000, _LARGEST_BATCH]
    return [
        large.curve(
            "events in the backlog",
            [events // 20, usual, events * 5],
            lambda size: large.record(size),
        ),
        large.curve(
            "rows stored before",
            [0, events * 5, events * 25],
            lambda rows: large.record(usual, stored=rows),
        ),
        large.curve(
            "bytes of an event",
            [1_000, 2_300, 10_000, 100_000],
            lambda size: _of_size(world, size, events),
        ),
        large.curve("replicas", [1, 2, 4], lambda count: large.record(usual, replicas=count)),
        large.curve("lanes", [1, 2, 4], lambda count: large.record(usual, lanes=count)),
        large.curve(
            "events of a batch at most",
            batches,
            lambda batch: large.record(min(usual, max(batch * 1_000, 300)), batch_size=batch),
        ),
    ]


class Backlogs:
    """The longest backlog; shorter ones are its beginning."""

    def __init__(self, world: World, most: int) -> None:
        self._world = world
        base = client_events()
        copies = max(1, round(most / len(base)))
        self._lines = copied_events(base, copies, seed=2, at_once=AT_ONCE)

    def record(self, events: int, *, stored: int = 0, replicas: int = 1, **more: object) -> Sample:
        lines = self._lines[:events]
        settings = {"batch_size": BATCH, **more}
        return _record(self._world, lines, stored=stored, replicas=replicas, **settings)

    @staticmethod
    def curve(what: str, sizes: Sequence[int], measure: Callable[[int], Sample]) -> Curve:
        points = []
        for size in sizes:
            sample = measure(size)
            points.append(Point(size, sample))
            print(f"{what} {size:,}: {sample.rate:,.0f} events/s", file=sys.stderr, flush=True)
        return Curve(what, points)


def _record(
    world: World, lines: list[bytes], *, stored: int = 0, replicas: int = 1, **settings: object
) -> Sample:
    file = world.write(lines)
    stream = world.stream(file)
    file.unlink()
    with world.postgres_database(flow_runs_in(lines)) as database:
        if stored:
            _store(database, stored)
        sample = world.record(stream, database, replicas=replicas, **settings)
        found = int(psql(database, "SELECT count(*) FROM task_run_state WHERE name <> 'Stored'"))
    if found != len(lines):
        raise SystemExit(f"{found} states of {len(lines)}")
    world.drop_stream(stream)
    return sample


def _store(database: str, rows: int) -> None:
    """A quarter of them runs, the others their states, as many flows have left them."""
    psql(
        database,
        f"""
        INSERT INTO task_run (id, name, task_key, dynamic_key, state_type, state_name, run_count,
            state_timestamp, expected_start_time, start_time, end_time, total_run_time)
          SELECT gen_random_uuid(), 'transform-' || n, 'transform-0c6bdf0d', n, 'COMPLETED',
            'Stored', 1, at, at, at, at, interval '1 s'
          FROM generate_series(1, {rows // 4}) AS n,
            LATERAL (SELECT now() - n * interval '1 s' AS at) AS moments;
        INSERT INTO task_run_state (id, type, timestamp, name, message, task_run_id)
          SELECT gen_random_uuid(), 'COMPLETED', state_timestamp + k * interval '1 ms', 'Stored',
            '', task_run.id FROM task_run, generate_series(1, 3) AS k;
        VACUUM ANALYZE task_run; VACUUM ANALYZE task_run_state; CHECKPOINT;
        """,
    )


def _of_size(world: World, size: int, events: int) -> Sample:
    """As many events as make up the same number of bytes, within what is bearable."""
    base = [_sized(line, size) for line in client_events()]
    count = max(len(base), min(events // 2, events * 2_300 // size))
    lines = copied_events(base, max(1, round(count / len(base))), seed=3, at_once=AT_ONCE)
    return _record(world, lines, batch_size=BATCH)


def _sized(line: bytes, size: int) -> bytes:
    """Smaller by what the recorder does not need, larger by a message such as a traceback."""
    event: dict[str, Any] = json.loads(line)
    if size < len(line):
        kinds = {"flow-run"}
        event["related"] = [
            one for one in event["related"] if one["prefect.resource.role"] in kinds
        ]
        kept = ("prefect.resource.id", "prefect.orchestration")
        event["resource"] = {key: event["resource"][key] for key in kept}
        for key in ("intended", "initial_state"):
            event["payload"].pop(key, None)
        for key in ("labels", "task_inputs", "empirical_policy"):
            event["payload"]["task_run"].pop(key, None)
    text = "".join(_traceback(size - len(json.dumps(event, separators=(",", ":")))))
    state = event["payload"]["validated_state"]
    state["message"] = (state.get("message") or "") + text
    return json.dumps(event, separators=(",", ":")).encode()


def _traceback(length: int) -> Iterator[str]:
    frame = 0
    while length > 0:
        text = f"  File /opt/flows/report.py, line {frame}, in step_{frame}: step_{frame + 1}() "
        yield text[:length]
        length -= len(text)
        frame += 1
