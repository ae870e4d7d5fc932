"""What filters decide is what Prefect's own `EventFilter` decides: about a live event, and in SQL.

HANGAR_TEST_SEED is the seed, printed when it is drawn.
"""

import json
import os
import random
import sqlite3
import subprocess
import unittest
from typing import Any

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

import sqlalchemy as sa
from prefect.server.database import provide_database_interface
from prefect.server.events.filters import EventFilter
from prefect.server.events.schemas.events import ReceivedEvent
from pydantic import ValidationError
from services.event_gateway.filter_cases import Cases, as_text, searched

from support.tree import build_folder

_EVENTS = 12
_FILTERS = 10_000
_ASKED_IN_SQL = 500


class Stored:
    """The events in tables of Prefect's, in SQLite that heeds case and keeps text as PostgreSQL."""

    def __init__(self, events: list[ReceivedEvent]) -> None:
        self._db = provide_database_interface()
        engine = sa.create_engine("sqlite://", json_serializer=as_text)
        self._connection = engine.connect()
        raw: sqlite3.Connection = self._connection.connection.dbapi_connection
        raw.execute("PRAGMA case_sensitive_like = ON")
        raw.create_function("concat", -1, lambda *texts: "".join(texts))
        raw.create_function("lower", 1, str.lower)
        for table in (self._db.Event.__table__, self._db.EventResource.__table__):
            table.create(self._connection)
        for event in events:
            row = event.as_database_row()
            self._connection.execute(sa.insert(self._db.Event).values(**row))
            for resource in event.as_database_resource_rows():
                self._connection.execute(sa.insert(self._db.EventResource).values(**resource))

    def selected(self, wanted: EventFilter) -> set[Any]:
        where = sa.and_(True, *wanted.build_where_clauses())
        return {
            row[0] for row in self._connection.execute(sa.select(self._db.Event.id).where(where))
        }


class Filters(unittest.TestCase):
    def test_verdicts_are_prefects(self) -> None:
        seed = int(os.environ.get("HANGAR_TEST_SEED") or random.SystemRandom().getrandbits(32))
        print(f"HANGAR_TEST_SEED={seed}", flush=True)
        cases = Cases(seed)
        raw = [cases.event(number) for number in range(_EVENTS)]
        events = [ReceivedEvent.model_validate_json(json.dumps(each)) for each in raw]
        filters = [cases.filter() for _ in range(_FILTERS)]
        stored = Stored(events)
        found = self.verdicts(raw, filters)
        self.assertEqual(len(found), len(filters))
        valid = 0
        included = selected = 0
        for number, (value, verdict) in enumerate(zip(filters, found, strict=True)):
            what = json.dumps(value)
            try:
                wanted = EventFilter.model_validate(value)
            except ValidationError:
                self.assertTrue(verdict.startswith("invalid "), what)
                continue
            self.assertFalse(verdict.startswith("invalid "), f"{what}: {verdict}")
            valid += 1
            live, _, by_sql = verdict.partition(" ")
            expected = "".join(str(int(wanted.includes(event))) for event in events)
            self.assertEqual(live, expected, what)
            included += live.count("1")
            if number < _ASKED_IN_SQL:
                ids = stored.selected(wanted)
                self.assertEqual(by_sql, "".join(str(int(e.id in ids)) for e in events), what)
                selected += by_sql.count("1")
        # They are no test where they all decide alike.
        self.assertGreater(len(filters) - valid, 500)
        self.assertGreater(included, valid)
        self.assertGreater(selected, _ASKED_IN_SQL // 2)

    def verdicts(self, events: list[dict[str, Any]], filters: list[Any]) -> list[str]:
        lines = [line for event in events for line in (json.dumps(event), searched(event))]
        lines += ["", *(json.dumps(each) for each in filters)]
        answer = subprocess.run(
            [build_folder() / "bin" / "filter_verdicts"],
            input="\n".join(lines) + "\n",
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return answer.stdout.splitlines()


if __name__ == "__main__":
    unittest.main()
