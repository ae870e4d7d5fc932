"""Seeded streams more hostile than the vectors: `generate(seed)` is a pure function.

Most events are what a client would send, so that runs live and collide; the others carry one to
three mutations. Each seed leaves some kinds of mutation out and stresses others, because a stream
with everything in it hides what two rare things do to each other.

    python3 tests/differential/generate.py SEED > stream.jsonl
"""

from __future__ import annotations

import datetime
import random
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from differential import values
from differential.json_text import Members, Raw, Tree, encode, members
from differential.values import new_uuid, plain_time, spelled_time, spelled_uuid

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


def _next_state(world: World, run: Run) -> tuple[str, str]:
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


def _time(world: World, time: datetime.datetime) -> Any:
    return spelled_time(world.rng, time) if world.rng.random() < 0.08 else plain_time(time)


def _id(world: World, value: uuid.UUID) -> str:
    forms = (str(value).upper(), value.hex, f"{{{value}}}", f"urn:uuid:{value}")
    return world.rng.choice(forms) if world.rng.random() < 0.04 else str(value)


def _state(world: World, run: Run, kind: str, name: str) -> dict[str, Any]:
    rng = world.rng
    state: dict[str, Any] = {"type": kind, "name": name, "message": "", "state_details": {}}
    if kind == "SCHEDULED" and rng.random() < 0.7:
        state["state_details"]["scheduled_time"] = _time(world, run.clock)
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
        "expected_start_time": _time(world, values.NOON),
    }
    if run.run_count:
        task_run["start_time"] = _time(world, run.clock)
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
    kind, name = _next_state(world, run)
    event_id = new_uuid(rng)
    world.state_ids.append(event_id)
    related = [{"prefect.resource.id": "prefect.tag.etl", "prefect.resource.role": "tag"}]
    if run.flow_run is not None:
        resource = FLOW_RUN + _id(world, run.flow_run)
        related.append({"prefect.resource.id": resource, "prefect.resource.role": "flow-run"})
        rng.shuffle(related)
    event = {
        "occurred": _time(world, run.clock),
        "event": f"{TASK_RUN}{name}",
        "resource": {
            "prefect.resource.id": TASK_RUN + _id(world, run.id),
            "prefect.resource.name": run.name,
            "prefect.orchestration": "client",
        },
        "related": related,
        "payload": {
            "intended": {"from": None, "to": kind},
            "validated_state": _state(world, run, kind, name),
            "task_run": _task_run(world, run),
        },
        "id": _id(world, event_id),
        "follows": rng.choice((None, str(new_uuid(rng)))),
    }
    if rng.random() < 0.5:
        event["received"] = plain_time(run.clock)
    return event


# Where each kind of value belongs. The path's first step is a member of the event.
_TASK = ("payload", "task_run")
_STATE = ("payload", "validated_state")
FIELDS: dict[tuple[str, ...], values.Values] = {
    ("id",): values.uuids,
    ("occurred",): values.times,
    ("received",): values.times,
    ("follows",): values.uuids,
    ("event",): values.event_names,
    ("payload",): values.documents,
    ("related",): values.documents,
    ("resource",): values.documents,
    ("resource", "prefect.orchestration"): values.one_of("client", "server", "Client", "", None, 1),
    ("resource", "prefect.resource.name"): values.strings,
    ("resource", "extra"): values.documents,
    ("payload", "intended"): values.documents,
    _STATE: values.documents,
    (*_STATE, "id"): values.uuids,
    (*_STATE, "type"): values.state_types,
    (*_STATE, "name"): values.either(values.strings, values.keys),
    (*_STATE, "timestamp"): values.times,
    (*_STATE, "message"): values.strings,
    (*_STATE, "data"): values.documents,
    (*_STATE, "state_details"): values.state_details,
    (*_STATE, "other"): values.documents,
    _TASK: values.documents,
    (*_TASK, "id"): values.uuids,
    (*_TASK, "name"): values.either(values.strings, values.keys, values.one_of(None, "")),
    (*_TASK, "flow_run_id"): values.uuids,
    (*_TASK, "task_key"): values.either(values.strings, values.keys),
    (*_TASK, "dynamic_key"): values.either(values.strings, values.keys),
    (*_TASK, "cache_key"): values.either(values.strings, values.cache_keys),
    (*_TASK, "cache_expiration"): values.times,
    (*_TASK, "task_version"): values.strings,
    (*_TASK, "empirical_policy"): values.policies,
    (*_TASK, "tags"): values.tags,
    (*_TASK, "labels"): values.labels,
    (*_TASK, "task_inputs"): values.task_inputs,
    (*_TASK, "state_id"): values.uuids,
    (*_TASK, "state_type"): values.state_types,
    (*_TASK, "state_name"): values.strings,
    (*_TASK, "state_timestamp"): values.times,
    (*_TASK, "run_count"): values.integers,
    (*_TASK, "flow_run_run_count"): values.integers,
    (*_TASK, "expected_start_time"): values.times,
    (*_TASK, "next_scheduled_start_time"): values.times,
    (*_TASK, "start_time"): values.times,
    (*_TASK, "end_time"): values.times,
    (*_TASK, "total_run_time"): values.durations,
    (*_TASK, "estimated_run_time"): values.durations,
    (*_TASK, "estimated_start_time_delta"): values.durations,
    (*_TASK, "created"): values.times,
    (*_TASK, "updated"): values.times,
    (*_TASK, "other"): values.documents,
}
_PATHS = sorted(FIELDS)
# A mutation of a whole part mostly just breaks the event: it is asked less often.
_WEIGHTS = [1 if path in (_STATE, _TASK) or len(path) == 1 else 5 for path in _PATHS]


def _place(event: Members, path: tuple[str, ...]) -> Members | None:
    """The object that holds the last step, when mutations have left it an object."""
    at: Tree = event
    for step in path[:-1]:
        at = at.get(step)
        if not isinstance(at, Members):
            return None
    return at if isinstance(at, Members) else None


Mutation = Callable[[World, Members], None]


def set_field(world: World, event: Members) -> None:
    path = world.rng.choices(_PATHS, _WEIGHTS)[0]
    place = _place(event, path)
    if place is not None:
        place.set(path[-1], members(FIELDS[path](world.rng)))


def set_field_of_another_kind(world: World, event: Members) -> None:
    path, other = world.rng.choices(_PATHS, _WEIGHTS)[0], world.rng.choice(_PATHS)
    place = _place(event, path)
    if place is not None:
        place.set(path[-1], members(FIELDS[other](world.rng)))


def null_field(world: World, event: Members) -> None:
    path = world.rng.choices(_PATHS, _WEIGHTS)[0]
    place = _place(event, path)
    if place is not None:
        place.set(path[-1], None)


def drop_field(world: World, event: Members) -> None:
    path = world.rng.choices(_PATHS, _WEIGHTS)[0]
    place = _place(event, path)
    if place is not None:
        place.remove_key(path[-1])


def repeat_key(world: World, event: Members) -> None:
    """A key twice: before the good one, where it must not count, or after it, where it must."""
    path = world.rng.choices(_PATHS, _WEIGHTS)[0]
    place = _place(event, path)
    if place is not None:
        repeated = (path[-1], members(FIELDS[path](world.rng)))
        place.insert(world.rng.choice((0, len(place))), repeated)


def resource_id(world: World, event: Members) -> None:
    rng, place = world.rng, _place(event, ("resource", "prefect.resource.id"))
    if place is None:
        return
    value = str(rng.choice((values.uuids(rng), spelled_uuid(rng, rng.choice(world.runs).id))))
    wrapped = (TASK_RUN + value, TASK_RUN[:-1] + value, FLOW_RUN + value, TASK_RUN + "." + value)
    odd = (value, TASK_RUN, "", None, 1, TASK_RUN.upper() + value, " " + TASK_RUN + value, ["x"])
    place.set("prefect.resource.id", rng.choice((*wrapped[:1] * 4, *wrapped, *odd)))


def _resource(world: World) -> Tree:
    rng = world.rng
    flow_run = str(rng.choice(world.flow_runs))
    ids = (
        *(FLOW_RUN + flow_run, FLOW_RUN + spelled_uuid(rng, rng.choice(world.flow_runs))),
        *(FLOW_RUN + flow_run, FLOW_RUN + str(values.broken_uuid(rng)), TASK_RUN + flow_run),
        *(FLOW_RUN[:-1] + flow_run, flow_run, "", None, 1, FLOW_RUN),
    )
    roles = ("flow-run", "flow-run", "flow-run", "flow", "tag", "Flow-Run", "", None, 1)
    made = Members(
        [("prefect.resource.id", rng.choice(ids)), ("prefect.resource.role", rng.choice(roles))]
    )
    if rng.random() < 0.1:
        made.pop(rng.randrange(2))
    if rng.random() < 0.1:
        made.append(("extra", values.strings(rng)))
    return made


def related(world: World, event: Members) -> None:
    """Several, repeated, wrong or too many roles; the first of a role counts."""
    rng = world.rng
    if rng.random() < 0.15:
        tag = {"prefect.resource.id": "prefect.tag.x", "prefect.resource.role": "tag"}
        event.set("related", [members(tag)] * rng.choice((98, 99, 100, 101, 102, 300)))
        return
    listed = event.get("related")
    kept = list(listed) if isinstance(listed, list) and rng.random() < 0.5 else []
    kept.insert(rng.randrange(len(kept) + 1), _resource(world))
    if rng.random() < 0.3:
        kept.append(_resource(world))
    event.set("related", rng.choice((kept, kept, kept, kept, [*kept, None], {}, None, "x")))


def many_labels(world: World, event: Members) -> None:
    place = event.get("resource")
    if isinstance(place, Members):
        wanted = world.rng.choice((499, 500, 501, 800))
        place.extend((f"label-{number}", "x") for number in range(wanted - len(place)))


def other_run(world: World, event: Members) -> None:
    """One run's id under another's natural key, and the reverse: by resource or by payload."""
    rng, other = world.rng, world.rng.choice(world.runs)
    task_run, resource = _place(event, (*_TASK, "id")), _place(event, ("resource", "id"))
    if task_run is None or resource is None:
        return
    choice = rng.randrange(6)
    if choice == 0:
        resource.set("prefect.resource.id", TASK_RUN + str(other.id))
    elif choice == 1:
        task_run.set("task_key", other.task_key)
        task_run.set("dynamic_key", other.dynamic_key)
    elif choice == 2:
        task_run.set("id", _id(world, other.id))
    elif choice == 3:
        task_run.set("flow_run_id", _id(world, rng.choice(world.flow_runs)))
    elif choice == 4:
        event.set("related", [])
    else:
        task_run.set("flow_run_id", None)


def other_state(world: World, event: Members) -> None:
    """A state id or an instant that was there before."""
    rng, state = world.rng, _place(event, (*_STATE, "id"))
    if state is None or not world.state_ids:
        return
    choice = rng.randrange(4)
    if choice == 0:
        state.set("id", _id(world, rng.choice(world.state_ids)))
    elif choice == 1:
        event.set("id", _id(world, rng.choice(world.state_ids)))
    elif choice == 2:
        state.set("timestamp", _time(world, rng.choice(world.instants)))
    else:
        event.set("occurred", _time(world, rng.choice(world.instants)))


def whole_state_in_task_run(world: World, event: Members) -> None:
    """`task_run.state` beside the validated state. Without an id it would get a random one."""
    rng, place = world.rng, _place(event, (*_TASK, "state"))
    if place is None:
        return
    state = members(_state(world, rng.choice(world.runs), *_next_state(world, world.runs[0])))
    state.set("id", rng.choice((values.uuids(rng), str(new_uuid(rng)))))
    state.set("timestamp", rng.choice((values.times(rng), plain_time(rng.choice(world.instants)))))
    place.set("state", rng.choice((state, state, state, None, {}, [], "x", Members())))


def other_event(world: World, event: Members) -> None:
    """An event that is not the recorder's; it must still be one that can be read."""
    rng, resource = world.rng, event.get("resource")
    if rng.random() < 0.5 or not isinstance(resource, Members):
        event.set("event", rng.choice(("prefect.flow-run.Running", "my.event", "prefect.task-ru")))
    else:
        resource.set("prefect.orchestration", rng.choice(("server", "", "clients", "CLIENT")))
    if rng.random() < 0.3:
        event.set("payload", members(values.documents(rng)))


MUTATIONS: dict[Mutation, int] = {
    set_field: 30,
    set_field_of_another_kind: 3,
    null_field: 4,
    drop_field: 4,
    repeat_key: 3,
    resource_id: 3,
    related: 5,
    many_labels: 1,
    other_run: 12,
    other_state: 8,
    whole_state_in_task_run: 2,
    other_event: 5,
}


def _damaged(rng: random.Random, line: bytes) -> bytes:
    """Bytes that are not one JSON object, or nearly not."""
    at = rng.randrange(len(line))
    depth = rng.choice((199, 200, 201, 10_000))
    return rng.choice(
        (
            *(line[:at], line[:at] + line[at + 1 :], line + b"}", line + line, b"[" + line + b"]"),
            *(
                b"\xef\xbb\xbf" + line,
                line.replace(b"e", b"\xff", 1),
                line[:-1] + b",}",
                b" " + line,
            ),
            *(
                line + b" \t",
                b"\t" + line,
                line.replace(b": ", b":\xc2\xa0", 1),
                b"null",
                b"1",
                b'""',
            ),
            *(
                b"[]",
                b"{}",
                b" ",
                b"not json",
                b"\x00",
                line + b"\x00",
                b"\xff\xfe{\x00}\x00",
                b"{",
            ),
            *(b"[" * depth + b"]" * depth, b"[" * depth, b'{"a":' * depth + b"1" + b"}" * depth),
            *(line.replace(b"\\u00ef", b"\xc3", 1), line.replace(b"\\u00ef", b"\xed\xa0\x80", 1)),
            *(line.replace(b"\\u00ef", b"\\ud800", 1), line.replace(b"\\u00ef", b"\xc0\xaf", 1)),
            *(
                line.replace(b'"', b"'"),
                line.replace(b'"payload"', b'"Payload"'),
                b"//\n"[:2] + line,
            ),
            *(line.replace(b'"payload"', b'"\\u0070ayload"'), line.replace(b"null", b"NaN", 1)),
        )
    )


def _event(world: World, kinds: dict[Mutation, int], rate: float) -> bytes:
    rng = world.rng
    event = members(client_event(world, rng.choice(world.runs)))
    if rng.random() < rate:
        count = rng.choices((1, 2, 3), (75, 20, 5))[0]
        for mutation in rng.choices(list(kinds), list(kinds.values()), k=count):
            mutation(world, event)
    if rng.random() < 0.05:
        rng.shuffle(event)
    return encode(event, ascii_only=rng.random() < 0.7)


def generate(seed: int) -> list[bytes]:
    """The stream of a seed, 100 to 300 lines without their newlines."""
    rng = random.Random(seed)
    world = World.of(rng)
    kept = [(kind, weight) for kind, weight in MUTATIONS.items() if rng.random() < 0.75]
    kinds = dict(kept) or dict(MUTATIONS)
    rate, again, damage = rng.uniform(0.15, 0.75), rng.uniform(0, 0.15), rng.uniform(0, 0.06)
    while len(world.lines) < 100 or (len(world.lines) < 300 and rng.random() < 0.993):
        if world.lines and rng.random() < again:
            line = rng.choice(world.lines)
        else:
            line = _event(world, kinds, rate)
        if rng.random() < damage:
            line = _damaged(rng, line)
        # A newline ends a message of a .jsonl file, and an empty one is not worth a message.
        world.lines.append(line.replace(b"\n", b"") or b"{}")
    return world.lines


if __name__ == "__main__":
    sys.stdout.buffer.write(b"".join(line + b"\n" for line in generate(int(sys.argv[1]))))
