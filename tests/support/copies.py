"""A long stream from a short one whose rows are known: copies with identities of their own."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
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
