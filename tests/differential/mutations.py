"""What hostile hands do to an event: one function for each kind of thing that can be wrong."""

from __future__ import annotations

from collections.abc import Callable

from differential import shapes, values
from differential.json_text import Members, Tree, members
from differential.values import new_uuid, plain_time, spelled_uuid
from differential.world import (
    FLOW_RUN,
    TASK_RUN,
    World,
    client_id,
    client_state,
    client_time,
    next_state,
)

# Where each kind of value belongs. The path's first step is a member of the event.
_TASK = ("payload", "task_run")
_STATE = ("payload", "validated_state")
FIELDS: dict[tuple[str, ...], values.Values] = {
    ("id",): values.uuids,
    ("occurred",): values.times,
    ("received",): values.times,
    ("follows",): values.uuids,
    ("event",): shapes.event_names,
    ("payload",): shapes.documents,
    ("related",): shapes.documents,
    ("resource",): shapes.documents,
    ("resource", "prefect.orchestration"): values.one_of("client", "server", "Client", "", None, 1),
    ("resource", "prefect.resource.name"): values.strings,
    ("resource", "extra"): shapes.documents,
    ("payload", "intended"): shapes.documents,
    _STATE: shapes.documents,
    (*_STATE, "id"): values.uuids,
    (*_STATE, "type"): shapes.state_types,
    (*_STATE, "name"): values.either(values.strings, shapes.keys),
    (*_STATE, "timestamp"): values.times,
    (*_STATE, "message"): values.strings,
    (*_STATE, "data"): shapes.documents,
    (*_STATE, "state_details"): shapes.state_details,
    (*_STATE, "other"): shapes.documents,
    _TASK: shapes.documents,
    (*_TASK, "id"): values.uuids,
    (*_TASK, "name"): values.either(values.strings, shapes.keys, values.one_of(None, "")),
    (*_TASK, "flow_run_id"): values.uuids,
    (*_TASK, "task_key"): values.either(values.strings, shapes.keys),
    (*_TASK, "dynamic_key"): values.either(values.strings, shapes.keys),
    (*_TASK, "cache_key"): values.either(values.strings, shapes.cache_keys),
    (*_TASK, "cache_expiration"): values.times,
    (*_TASK, "task_version"): values.strings,
    (*_TASK, "empirical_policy"): shapes.policies,
    (*_TASK, "tags"): shapes.tags,
    (*_TASK, "labels"): shapes.labels,
    (*_TASK, "task_inputs"): shapes.task_inputs,
    (*_TASK, "state_id"): values.uuids,
    (*_TASK, "state_type"): shapes.state_types,
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
    (*_TASK, "other"): shapes.documents,
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
    # Seconds since 1970 as a duration may be of those that `durations` is without.
    if FIELDS[path] is values.durations and FIELDS[other] is values.times:
        return
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
        task_run.set("id", client_id(world, other.id))
    elif choice == 3:
        task_run.set("flow_run_id", client_id(world, rng.choice(world.flow_runs)))
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
        state.set("id", client_id(world, rng.choice(world.state_ids)))
    elif choice == 1:
        event.set("id", client_id(world, rng.choice(world.state_ids)))
    elif choice == 2:
        state.set("timestamp", client_time(world, rng.choice(world.instants)))
    else:
        event.set("occurred", client_time(world, rng.choice(world.instants)))


def whole_state_in_task_run(world: World, event: Members) -> None:
    """`task_run.state` beside the validated state. Without an id it would get a random one."""
    rng, place = world.rng, _place(event, (*_TASK, "state"))
    if place is None:
        return
    state = members(client_state(world, rng.choice(world.runs), *next_state(world, world.runs[0])))
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
        event.set("payload", members(shapes.documents(rng)))


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
