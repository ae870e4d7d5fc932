"""What is stored is the same to a subscriber on both storages, and is found by an index.

HANGAR_TEST_SEED is the seed, printed when it is drawn.
"""

import asyncio
import contextlib
import datetime
import json
import os
import random
import re
import unittest
from typing import Any

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from services.event_gateway.filter_cases import Cases
from services.event_gateway.peers import Gateway
from services.event_gateway.subscribers_case import OUT, PERSISTER, SubscribersCase, wanted
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from support.prefect_schemas import load_schema
from support.prefect_venv import NEWEST
from support.program import flags, hangar
from support.servers import NatsServer, PostgresServer, psql
from support.temporary import temporary_folder

_EVENTS = 30
_FILTERS = 80
_ROWS = 100_000 if "HANGAR_TEST_LONG" in os.environ else 5_000
_RECENT = {
    "HANGAR_SERVICES_EVENT_GATEWAY_MAXIMUM_WEBSOCKET_BACKFILL": "30d",
    "HANGAR_SERVICES_EVENT_GATEWAY_WEBSOCKET_BACKFILL_PAGE_SIZE": "7",
}


class _Answer:
    """What one subscriber got: events in their order, or the code of a Close."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._events: list[tuple[str, str]] = []
        self._code: int | None = None
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            while True:
                found = json.loads(await self._socket.recv())["event"]
                self._events.append((found["occurred"], found["id"]))
        except ConnectionClosed as end:
            self._code = end.rcvd.code if end.rcvd else None

    @property
    def is_refused(self) -> bool:
        return self._reading.done()

    async def all(self) -> list[tuple[str, str]] | int | None:
        """All that was sent before this."""
        if self.is_refused:
            return self._code
        await (await self._socket.ping())
        await self._socket.close()
        await self._reading
        return self._events


class BackfillCase(SubscribersCase):
    async def answers(self, filters: list[Any]) -> list[Any]:
        """Of each filter; events of one time in the order of their ids."""
        before = self.subscribers("joined")
        async with contextlib.AsyncExitStack() as opened, asyncio.timeout(120):
            found: list[_Answer] = []
            for value in filters:
                socket = await opened.enter_async_context(self.gateway.socket(OUT))
                await socket.send(json.dumps({"type": "auth", "token": None}))
                await socket.recv()
                await socket.send(json.dumps({"type": "filter", "filter": value}))
                found.append(_Answer(socket))
            await self.until(
                lambda: (
                    self.subscribers("joined") - before
                    == sum(not answer.is_refused for answer in found)
                )
            )
            all_found = [await answer.all() for answer in found]
        for events in all_found:
            if isinstance(events, list):
                times = [occurred for occurred, _ in events]
                self.assertEqual(times, sorted(times))
                events.sort()
        return all_found


class BothStorages(BackfillCase):
    def setUp(self) -> None:
        folder = self.enterContext(temporary_folder("both"))
        self.nats = self.enterContext(NatsServer())
        postgres = self.enterContext(PostgresServer(fsync=False))
        self.databases = [postgres.create_database("prefect"), str(folder / "prefect.sqlite")]
        for database in self.databases:
            load_schema(NEWEST, database)

    def persist(self) -> None:
        for durable, database in zip((PERSISTER, "other"), self.databases, strict=True):
            settings = {
                "nats.url": self.nats.url,
                "storage.url": database,
                "services.event_persister.durable": durable,
            }
            words = ("run", "--until-drained", "--only", "event_persister")
            done = hangar(*words, *flags(settings))
            self.assertEqual(done.returncode, 0, done.stderr)

    async def test_the_same_rows_give_the_same_events(self) -> None:
        seed = int(os.environ.get("HANGAR_TEST_SEED") or random.SystemRandom().getrandbits(32))
        print(f"HANGAR_TEST_SEED={seed}", flush=True)
        cases = Cases(seed)
        chance = random.Random(seed)
        now = datetime.datetime.now(datetime.UTC)
        times = [(now - datetime.timedelta(hours=hours)).isoformat() for hours in range(1, 9)]
        events = [cases.event(number) for number in range(_EVENTS)]
        # PostgreSQL stores no NUL, and shows some numbers in another form.
        other = ("\\u0000", "1e+16", "-0.0")
        events = [one for one in events if not any(o in json.dumps(one["payload"]) for o in other)]
        for one in events:
            one["occurred"] = chance.choice(times)
        filters = [cases.filter() for _ in range(_FILTERS)]
        for value in filters:
            if isinstance(value, dict) and chance.random() < 0.9:
                value["occurred"] = {"since": chance.choice(times[4:])}
        gateways = [
            self.enterContext(Gateway({"HANGAR_STORAGE_URL": database, **_RECENT}, self.nats))
            for database in self.databases
        ]
        self.gateway = gateways[0]
        await self.post(*events)
        await asyncio.to_thread(self.persist)
        found = []
        for self.gateway in gateways:
            found.append(await self.answers(filters))
        for value, on_postgres, on_sqlite in zip(filters, *found, strict=True):
            self.assertEqual(on_postgres, on_sqlite, json.dumps(value))
        lists = [each for each in found[0] if isinstance(each, list)]
        # It is no test where they all decide alike.
        self.assertGreater(len(lists), _FILTERS // 2)
        self.assertGreater(sum(0 < len(each) < len(events) for each in lists), _FILTERS // 8)


class Plans(BackfillCase):
    """PostgreSQL says in its log by which index it finds rows."""

    def setUp(self) -> None:
        explain = {
            "session_preload_libraries": "auto_explain",
            "auto_explain.log_min_duration": "0",
        }
        self.postgres = self.enterContext(PostgresServer(fsync=False, settings=explain))
        database = self.postgres.create_database("prefect")
        load_schema(NEWEST, database)
        psql(
            database,
            "SET session_replication_role = replica; SET auto_explain.log_min_duration = -1;"
            "INSERT INTO events (id, created, updated, occurred, event, resource_id, resource, "
            "related_resource_ids, related, payload, received, recorded) "
            f"SELECT md5(i::text)::uuid, now(), now(), now() - i * interval '600 s' / {_ROWS}, "
            "'e' || i % 100, 'r' || i % 1000, "
            "jsonb_build_object('prefect.resource.id', 'r' || i % 1000), '[]', '[]', '{}', "
            f"now(), now() FROM generate_series(1, {_ROWS}) i;"
            "INSERT INTO event_resources (id, created, updated, occurred, resource_id, "
            "resource_role, resource, event_id) SELECT gen_random_uuid(), now(), now(), occurred, "
            "resource_id, '', '{}', id FROM events;"
            "ANALYZE events; ANALYZE event_resources",
        )
        self.gateway = self.enterContext(Gateway({"HANGAR_STORAGE_URL": database}))
        self.nobody_acks()

    async def test_rows_are_found_by_the_most_selective_index(self) -> None:
        id_of_one = psql(self.postgres.url("prefect"), "SELECT id FROM events LIMIT 1").strip()
        for parts, rows, indexes in (
            ({}, _ROWS, {"ix_events__occurred", "ix_events__occurred_id"}),
            ({"event": {"name": ["e1"]}}, _ROWS // 100, {"ix_events__event_occurred_id"}),
            ({"resource": {"id": ["r1", "r2"]}, "event": {"name": ["e1", "e2"]}}, _ROWS // 500,
             {"ix_event_resources__resource_id__occurred", "pk_events"}),
            ({"id": {"id": [id_of_one]}}, 1, {"pk_events"}),
        ):  # fmt: skip
            with self.subTest(filter=parts):
                begin = self.postgres.log.stat().st_size
                [found] = await self.answers([wanted(**parts)])
                self.assertEqual(len(found), rows)
                said = self.postgres.log.read_bytes()[begin:].decode(errors="replace")
                self.assertNotRegex(said, r"Seq Scan on event")
                used = set(re.findall(r"(?:using|Index Scan on) ((?:ix|pk)_event\w+)", said))
                self.assertTrue(used and used <= indexes, used)


if __name__ == "__main__":
    unittest.main()
