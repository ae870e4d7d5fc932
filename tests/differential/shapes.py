"""Composed values for each kind of field, right and wrong: from indexed keys to whole policies."""

from __future__ import annotations

import random
from typing import Any

from differential.json_text import Members, Raw
from differential.values import (
    STATE_TYPES,
    Values,
    booleans,
    either,
    integers,
    numbers,
    one_of,
    strings,
    times,
    uuids,
)


def keys(rng: random.Random) -> Any:
    """Strings for an indexed column: an index row holds about 2,700 bytes after compression."""
    around = rng.choice((500, 1300, 2600, 2660, 2690, 2700, 2720, 2800, 8000))
    length = around + rng.randrange(-20, 21)
    alphabet = rng.choice(("ab", "0123456789abcdef", "abcdefghijklmnopqrstuvwxyz", "é☃x"))
    return rng.choice(
        (
            "a" * length,
            "a" * rng.choice((20_000, 150_000, 300_000)),
            "".join(rng.choices(alphabet, k=length)),
            "".join(rng.choices(alphabet, k=24)) * (length // 24),
            "".join(chr(rng.randrange(0x20, 0x7F)) for _ in range(length)),
            "".join(chr(rng.randrange(0x4E00, 0x9FFF)) for _ in range(length // 3)),
        )
    )


def cache_keys(rng: random.Random) -> Any:
    return rng.choice(("k", "é", "\U0001f600", "ab")) * rng.choice((1, 999, 1000, 1001, 2000, 2001))


def nested(rng: random.Random) -> Any:
    """Nesting around the 200 levels that the reference's parser takes, the event's own included."""
    depth = rng.choice((*range(150, 260), 194, 195, 196, 197, 198, 199, 200))
    opening, closing = rng.choice((("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")))
    inner = rng.choice(("1", "{}", "[]", '""'))
    levels = depth // 2 if opening.startswith("[{") else depth
    return Raw(opening * levels + inner + closing * levels)


def documents(rng: random.Random) -> Any:
    """Any JSON at all."""
    kind = rng.random()
    if kind < 0.35:
        return rng.choice((numbers, booleans, strings))(rng)
    if kind < 0.45:
        return nested(rng)
    if kind < 0.7:
        return [documents(rng) for _ in range(rng.randrange(4))]
    names = ("a", "b", "a", "", "é", "a b", "$", "type", "\x00", "\ud800", "__proto__", "a" * 300)
    return Members((rng.choice(names), documents(rng)) for _ in range(rng.randrange(4)))


def _list_of(kind: Values, *lengths: int) -> Values:
    return lambda rng: [kind(rng) for _ in range(rng.choice(lengths))]


def _object_of(kind: Values, *lengths: int) -> Values:
    return lambda rng: {f"k{number}": kind(rng) for number in range(rng.choice(lengths))}


def _good_string(rng: random.Random) -> str:
    return str(rng.choice(("etl", "prod", "na\u00efve ☃", "gpu", "", "a", "1")))


tags = either(
    _list_of(_good_string, 0, 1, 2, 3, 40),
    _list_of(either(_good_string, strings), 1, 2),
    one_of(None, "etl", {}, {"etl": 1}, 1, True, [None], [1], [["etl"]], [{}], ["a", "a"]),
)

labels = either(
    _object_of(either(_good_string, integers, numbers, booleans), 0, 1, 2, 3),
    _object_of(either(_good_string, strings), 1, 2),
    _object_of(one_of(1, "x"), 600),
    one_of(None, [], [["a", 1]], "x", 1, True, {"a": None}, {"a": []}, {"a": {}}, {"": ""}),
    one_of({"\x00": 1}, {"a": "\x00"}, {"\ud800": 1}, {"a": {"b": 1}}, {"a": [1]}),
    lambda rng: Members([("a", 1), ("a", integers(rng))]),
)

_input_kinds = one_of(
    *("task_run", "flow_run", "parameter", "constant"),
    *("task_run", "flow_run", "parameter", "constant"),
    *("", "Task_run", "unknown", None, 1, [], {}),
)


def _task_input(rng: random.Random) -> Any:
    if rng.random() < 0.15:
        return rng.choice((documents, strings, uuids))(rng)
    parts = {
        "input_type": _input_kinds,
        "id": uuids,
        "name": either(_good_string, strings),
        "type": either(_good_string, strings),
        "other": documents,
    }
    chosen = [key for key in parts if rng.random() < (0.8 if key == "input_type" else 0.35)]
    rng.shuffle(chosen)
    return {key: parts[key](rng) for key in chosen}


task_inputs = either(
    _object_of(_list_of(_task_input, 0, 1, 1, 2, 3), 0, 1, 2, 3),
    _object_of(_list_of(_task_input, 1), 1),
    one_of(None, [], "x", 1, {"x": None}, {"x": {}}, {"x": "y"}, {"x": [None]}, {"x": [[]]}),
    one_of({"\x00": []}, {"": []}, {"x": [{}]}, {"x": [{"id": None}]}, [["x", []]]),
)

delays = either(
    integers,
    numbers,
    _list_of(one_of(1, 2, 3), 0, 1, 3, 50, 51),
    _list_of(one_of(*map(Raw, ("1.0", "2.5", "0.1"))), 1, 3, 50, 51),
    _list_of(one_of(1, *map(Raw, ("1.0", "2.5")), "3", True, None), 2, 3),
    _list_of(either(integers, numbers), 1, 2),
)


def policies(rng: random.Random) -> Any:
    if rng.random() < 0.1:
        return rng.choice((None, [], "x", 1, True, {}, {"other": 1}, [["retries", 1]]))
    mild = rng.random() < 0.6  # so that the rules between the fields are reached
    zeros = one_of(0, 1, 2, 5, None, Raw("0.0"), Raw("2.5"), "0", "2", False, True, "", [])
    parts = {
        "max_retries": zeros if mild else integers,
        "retry_delay_seconds": zeros if mild else numbers,
        "retries": zeros if mild else integers,
        "retry_delay": either(zeros, delays) if mild else delays,
        "retry_jitter_factor": one_of(0, 1, None, -1, Raw("0.5"), Raw("-0.5"), Raw("-0.0"), "0.5")
        if mild
        else numbers,
        "other": documents,
    }
    return {key: kind(rng) for key, kind in parts.items() if rng.random() < 0.4}


_keysets = one_of(
    None, {}, {"a": "b"}, {"a": 1}, {"a": None}, {"": ""}, [], "x", {"a": "\x00"}, {"\x00": "a"}
)

DETAILS: dict[str, Values] = {
    "flow_run_id": uuids,
    "task_run_id": uuids,
    "child_flow_run_id": uuids,
    "scheduled_time": times,
    "cache_key": either(strings, cache_keys),
    "cache_expiration": times,
    "deferred": booleans,
    "untrackable_result": booleans,
    "pause_timeout": times,
    "pause_reschedule": booleans,
    "pause_key": strings,
    "run_input_keyset": _keysets,
    "refresh_cache": booleans,
    "retriable": booleans,
    "transition_id": uuids,
    "task_parameters_id": uuids,
    "traceparent": strings,
    "deployment_concurrency_lease_id": uuids,
    "other": documents,
}


def state_details(rng: random.Random) -> Any:
    if rng.random() < 0.1:
        return rng.choice((None, [], "x", 1, {}, {"other": 1}, [["deferred", True]]))
    chosen = rng.sample(sorted(DETAILS), k=rng.choice((1, 1, 1, 2, 3)))
    return {key: DETAILS[key](rng) for key in chosen}


state_types = one_of(
    *STATE_TYPES,
    *(
        "pending",
        "Pending",
        " PENDING",
        "PENDING ",
        "UNKNOWN",
        "",
        "StateType.PENDING",
        "PENDING\x00",
    ),
    *(None, 0, 1, True, [], {}, ["PENDING"]),
)

event_names = one_of(
    *("prefect.task-run.Running", "prefect.task-run", "prefect.task-runs", "prefect.task-run\x00"),
    *("prefect.task-run." + "x" * 1007, "prefect.task-run." + "x" * 1008, "é" * 1024, "é" * 1025),
    *(
        "prefect.task-run." + "☃" * 1007,
        "prefect.task-run." + "☃" * 1008,
        "Prefect.task-run.Running",
    ),
    *("prefect.task", "prefect.flow-run.Running", " prefect.task-run.Running", "", "my.event"),
    *("prefect.task-run.\ud800", None, 1, [], {}, True),
)
