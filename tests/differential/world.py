"""Task runs as their clients see them, and the events that those clients send."""

from __future__ import annotations

import datetime
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

from differential import values
from differential.json_text import Raw
from differential.values import new_uuid, plain_time, spelled_time

TASK_RUN = "prefect.task-run."
FLOW_RUN = "prefect.flow-run."


@dataclass
class Run:
    """One task run as its client sees it."""

    id: uuid.UUID
    flow_run: uuid.UUID | None
    task_key: str
    dynamic_key: str
    name: str
    clock: datetime.datetime
    run_count: int = 0
    phase: int = 0


@dataclass
class World:
    """What the stream is about, and the temper of its seed."""

    rng: random.Random
    flow_runs: list[uuid.UUID] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    state_ids: list[uuid.UUID] = field(default_factory=list)
    instants: list[datetime.datetime] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)

    @classmethod
    def of(cls, rng: random.Random) -> World:
        world = cls(rng)
        world.flow_runs = [new_uuid(rng) for _ in range(rng.randrange(1, 5))]
        tasks = [f"{word}-{rng.getrandbits(32):08x}" for word in ("load", "train", "naïve_☃")]
        for _ in range(rng.randrange(3, 25)):
            flow_run = rng.choice((*world.flow_runs, *world.flow_runs, None))
            key = rng.choice((str(new_uuid(rng)), str(rng.randrange(4)), f"{rng.getrandbits(20)}"))
            clock = values.NOON + datetime.timedelta(microseconds=rng.randrange(10**9))
            name = f"{rng.choice(('load', 'train', 'naïve ☃'))}-{rng.getrandbits(12):03x}"
            world.runs.append(Run(new_uuid(rng), flow_run, rng.choice(tasks), key, name, clock))
        return world


# What follows each phase; a failed run may start again.
_LIFE = ("PENDING", "RUNNING", "COMPLETED")
_STEPS = (1, 1000, 15_000, 10**6)


def next_state(world: World, run: Run) -> tuple[str, str]:
    rng = world.rng
    chance = rng.random()
    if chance < 0.03 and world.instants:
        run.clock = rng.choice(world.instants)
    elif chance > 0.03 + 0.03:
        back = -1 if rng.random() < 0.06 else 1
        run.clock += datetime.timedelta(microseconds=back * rng.choice(_STEPS))
    world.instants.append(run.clock)
    if rng.random() < 0.15:
        return rng.choice(
            (
                *(("SCHEDULED", "AwaitingRetry"), ("SCHEDULED", "Scheduled"), ("FAILED", "Failed")),
                *(("CRASHED", "Crashed"), ("PAUSED", "Suspended"), ("CANCELLING", "Cancelling")),
                *(("CANCELLED", "TimedOut"), ("COMPLETED", "Cached(type=COMPLETED)")),
            )
        )
    kind = _LIFE[run.phase % len(_LIFE)]
    run.phase += 1
    run.run_count += kind == "RUNNING"
    return kind, kind.capitalize()


def client_time(world: World, time: datetime.datetime) -> Any:
    return spelled_time(world.rng, time) if world.rng.random() < 0.08 else plain_time(time)


def client_id(world: World, value: uuid.UUID) -> str:
    forms = (str(value).upper(), value.hex, f"{{{value}}}", f"urn:uuid:{value}")
    return world.rng.choice(forms) if world.rng.random() < 0.04 else str(value)


def client_state(world: World, run: Run, kind: str, name: str) -> dict[str, Any]:
    rng = world.rng
    state: dict[str, Any] = {"type": kind, "name": name, "message": "", "state_details": {}}
    if kind == "SCHEDULED" and rng.random() < 0.7:
        state["state_details"]["scheduled_time"] = client_time(world, run.clock)
    if rng.random() < 0.2:
        state["data"] = rng.choice(
            (None, {"type": "unpersisted"}, "✓", Raw("1.0"), [1, Raw("2.50")])
        )
    if rng.random() < 0.1:
        del state[rng.choice(("name", "message", "state_details"))]
    return state


def _task_run(world: World, run: Run) -> dict[str, Any]:
    rng = world.rng
    task_run: dict[str, Any] = {
        "name": run.name,
        "task_key": run.task_key,
        "dynamic_key": run.dynamic_key,
        "empirical_policy": {"retries": rng.randrange(3), "retry_delay": 0},
        "tags": rng.sample(("etl", "prod", "naïve ☃"), k=rng.randrange(4)),
        "labels": {"prefect.flow.id": str(uuid.UUID(int=1)), "n": rng.randrange(3)},
        "task_inputs": {"x": [{"input_type": "task_run", "id": str(rng.choice(world.runs).id)}]},
        "run_count": run.run_count,
        "flow_run_run_count": 1,
        "expected_start_time": client_time(world, values.NOON),
    }
    if run.run_count:
        task_run["start_time"] = client_time(world, run.clock)
        task_run["total_run_time"] = Raw(f"{rng.randrange(10**6) / 10**6}")
    if rng.random() < 0.2:
        task_run["cache_key"] = f"key-{rng.randrange(3)}"
    if rng.random() < 0.25:  # partial: the columns that are absent must stay as they are
        kept = {"task_key", "dynamic_key"} | set(rng.sample(sorted(task_run), k=2))
        task_run = {key: value for key, value in task_run.items() if key in kept}
    return task_run


def client_event(world: World, run: Run) -> dict[str, Any]:
    """An event as a client sends it."""
    rng = world.rng
    kind, name = next_state(world, run)
    event_id = new_uuid(rng)
    world.state_ids.append(event_id)
    related = [{"prefect.resource.id": "prefect.tag.etl", "prefect.resource.role": "tag"}]
    if run.flow_run is not None:
        resource = FLOW_RUN + client_id(world, run.flow_run)
        related.append({"prefect.resource.id": resource, "prefect.resource.role": "flow-run"})
        rng.shuffle(related)
    event = {
        "occurred": client_time(world, run.clock),
        "event": f"{TASK_RUN}{name}",
        "resource": {
            "prefect.resource.id": TASK_RUN + client_id(world, run.id),
            "prefect.resource.name": run.name,
            "prefect.orchestration": "client",
        },
        "related": related,
        "payload": {
            "intended": {"from": None, "to": kind},
            "validated_state": client_state(world, run, kind, name),
            "task_run": _task_run(world, run),
        },
        "id": client_id(world, event_id),
        "follows": rng.choice((None, str(new_uuid(rng)))),
    }
    if rng.random() < 0.5:
        event["received"] = plain_time(run.clock)
    return event
