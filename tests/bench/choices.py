"""What a user can choose around Hangar, one run each: PostgreSQL's settings, how to scale out."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.client_events import AT_ONCE, client_events
from bench.growth import BATCH
from bench.world import POSTGRES_SETTINGS, Sample, World
from support.copies import copied_events
from support.flow_runs import flow_runs_in
from support.nats_cluster import nats_cluster

_SETTINGS: Mapping[str, Mapping[str, str]] = {
    "PostgreSQL's own settings": {
        "shared_buffers": "128MB",
        "max_wal_size": "1GB",
        "checkpoint_timeout": "5min",
    },
    "a larger max_wal_size": {
        key: value for key, value in POSTGRES_SETTINGS.items() if key != "shared_buffers"
    },
    "and larger shared_buffers": POSTGRES_SETTINGS,
    "and wal_compression": {"wal_compression": "lz4"},
}


@dataclass(frozen=True)
class Choice:
    name: str
    sample: Sample


def choices(world: World, events: int) -> list[Choice]:
    base = client_events()
    lines = copied_events(base, max(2, round(events / len(base))), seed=4, at_once=AT_ONCE)
    made = []

    def add(name: str, sample: Sample) -> None:
        print(f"{name}: {sample.rate:,.0f} events/s", file=sys.stderr, flush=True)
        made.append(Choice(name, sample))

    for name, settings in _SETTINGS.items():
        world.postgres.reconfigure(settings)
        add(name, _record(world, [lines]))
    world.postgres.reconfigure({**POSTGRES_SETTINGS, "wal_compression": "off"})
    add("two subjects, a Hangar each", _record(world, _by_flow_run(lines)))
    with nats_cluster() as cluster:
        clustered = World(world.folder, cluster[0], world.postgres, cluster)
        add("a cluster of three that all hold the stream", _record(clustered, [lines]))
    return made


def _by_flow_run(lines: Sequence[bytes]) -> list[list[bytes]]:
    halves: list[list[bytes]] = [[], []]
    for line in lines:
        found = flow_runs_in([line])
        halves[found[0].int % 2 if found else 0].append(line)
    return halves


def _record(world: World, parts: Sequence[Sequence[bytes]]) -> Sample:
    streams = [world.stream(world.write(part)) for part in parts if part]
    flow_runs = flow_runs_in(line for part in parts for line in part)
    with world.postgres_database(flow_runs) as database:
        sample = world.record_all(streams, database, batch_size=BATCH)
    for stream in streams:
        world.drop_stream(stream)
    return sample
