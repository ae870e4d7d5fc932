"""A long stream from a short one whose rows are known: copies with identities of their own."""

from __future__ import annotations

import datetime
import json
import random
import re
import uuid
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from support.flow_runs import stream_lines
from support.rows import COLUMNS, Tables, dump_json, load_rows, parse_json

_GOLDEN = Path(__file__).resolve().parents[1] / "golden"
_UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SPACE = uuid.UUID("00000000-0000-4000-8000-00000000c0b1")


def _renamed(copy: int) -> Callable[[bytes], bytes]:
    """Gives every UUID of a text another one, the same for the same."""
    known: dict[bytes, bytes] = {}

    def fresh(found: re.Match[bytes]) -> bytes:
        if (name := known.get(found[0])) is None:
            name = str(uuid.uuid5(_SPACE, f"{copy}:{found[0].decode()}")).encode()
            known[found[0]] = name
        return name

    return lambda text: _UUID.sub(fresh, text)


def copies_of(
    name: str, count: int, *, seed: int, at_once: int | None = None
) -> tuple[list[bytes], Tables]:
    """The events of `count` copies of a golden stream, and the rows that they leave."""
    lines = stream_lines((_GOLDEN / f"{name}.jsonl").read_bytes())
    known = load_rows(_GOLDEN / f"{name}.rows.json")
    return copied_events(lines, count, seed=seed, at_once=at_once), copied_rows(known, count)


def copied_events(
    lines: Sequence[bytes], count: int, *, seed: int, at_once: int | None = None
) -> list[bytes]:
    """`count` copies of a stream.

    A copy keeps its order; the copies are dealt into each other, all of them or `at_once`, as flows
    that run at the same time. They share nothing.
    """
    deal = random.Random(seed)
    order: list[int] = []
    for first in range(0, count, at_once or count):
        together = range(first, min(first + (at_once or count), count))
        part = [copy for copy in together for _ in lines]
        deal.shuffle(part)
        order += part
    renamed = [map(_renamed(copy), lines) for copy in range(count)]
    return [next(renamed[copy]) for copy in order]


def copied_rows(known: Mapping[str, Any], count: int) -> Tables:
    """What the copies leave: the rows that the reference left for the one, renamed like it."""
    rows = dump_json({table: known[table] for table in COLUMNS}).encode()
    tables: Tables = {table: [] for table in COLUMNS}
    for copy in range(count):
        for table, found in parse_json(_renamed(copy)(rows)).items():
            tables[table].extend(found)
    return tables


def lived_again(name: str, runs: int, lives: int, *, seed: int) -> tuple[list[bytes], Tables]:
    """The first `runs` task runs of a golden stream, which live `lives` times, a day apart.

    Every life has states of its own, and all events are shuffled. Each has all that was known of
    its run by then, so the rows are those that the reference left for the last life, and the states
    of every life.
    """
    lines = stream_lines((_GOLDEN / f"{name}.jsonl").read_bytes())
    known = load_rows(_GOLDEN / f"{name}.rows.json")
    of_run = {line: json.loads(line)["resource"]["prefect.resource.id"] for line in lines}
    chosen = list(dict.fromkeys(of_run.values()))[:runs]
    ids = {one.removeprefix("prefect.task-run.") for one in chosen}
    lines = [line for line in lines if of_run[line] in chosen]
    states = {json.loads(line)["id"].encode() for line in lines}
    task_runs = [row for row in known["task_run"] if row["id"] in ids]
    past = [row for row in known["task_run_state"] if row["task_run_id"] in ids]
    tables: Tables = {table: [] for table in COLUMNS}
    events: list[bytes] = []
    for life in range(lives):
        again = _later(life, states)
        events += map(again, lines)
        if life == lives - 1:
            tables["task_run"] = parse_json(again(dump_json(task_runs).encode()))
        tables["task_run_state"] += parse_json(again(dump_json(past).encode()))
    random.Random(seed).shuffle(events)
    return events, tables


def _later(life: int, states: Set[bytes]) -> Callable[[bytes], bytes]:
    """Moves the times of a text by so many days, and gives its states other ids."""
    rename = _renamed(life)
    first = datetime.date(2026, 11, 20)
    day = (first + datetime.timedelta(days=life)).isoformat().encode()
    of_state = re.compile(b"|".join(sorted(states)))
    return lambda text: of_state.sub(lambda found: rename(found[0]), text).replace(
        first.isoformat().encode(), day
    )
