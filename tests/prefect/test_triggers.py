"""Automations on task runs while Prefect's triggers are given only what automations need.

HANGAR_TEST_LONG runs it on SQLite too, and waits until the services narrow their durable by
themselves, which takes a minute; else it is made narrow as another process would make it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import unittest
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from prefect_nats.narrowing import Narrow
from support.jetstream import JetStream, JetStreamError
from support.prefect_installation import PrefectInstallation
from support.prefect_venv import create_prefect_database, create_prefect_sqlite
from support.servers import NatsServer, PostgresServer, psql, wait_until
from support.temporary import temporary_folder

_LONG = bool(os.environ.get("HANGAR_TEST_LONG"))
_DURABLE = "PREFECT_EVENTS.events-reactive-triggers"
_NARROW = "prefect.events.other"
_PATIENCE = 600.0
_FIRED = "SELECT {} FROM events WHERE event = 'prefect.automation.triggered'"
_TRIGGER = {
    "type": "event",
    "posture": "Reactive",
    "expect": ["prefect.task-run.*"],
    "for_each": ["prefect.resource.id"],
    "threshold": 1,
    "within": 0,
}


class Triggers(unittest.TestCase):
    nats: NatsServer
    prefect: PrefectInstallation
    database: str
    automation: str

    def test_an_automation_sees_every_event_that_is_later_than_it(self) -> None:
        with PostgresServer(fsync=False) as postgres:
            # Prefect hears of an automation at once there, and looks every five seconds in SQLite.
            self.check(create_prefect_database(postgres, "prefect"), margin=1.0)
        if _LONG:
            with temporary_folder("triggers") as folder:
                self.check(str(create_prefect_sqlite(Path(folder) / "prefect.db")), margin=6.0)

    def check(self, database: str, *, margin: float) -> None:
        self.database = database
        settings = {
            "PREFECT_SERVER_UI_ENABLED": "false",
            "PREFECT_NATS_MESSAGING_NARROW_TRIGGERS": "true",
            # The services give up when it takes five seconds, and other tests run beside this one.
            "PREFECT_SERVER_DATABASE_CONNECTION_TIMEOUT": "60",
            "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
        }
        with (
            NatsServer() as self.nats,
            PrefectInstallation(self.nats.url, database, settings=settings) as self.prefect,
        ):
            self.post(1)
            self.make_durable()
            self.prefect.start_services(recorder=False)
            with self.subTest("killed while narrow"):
                self.killed_while_narrow()
            for change in (self.replace, self.create, self.enable_and_disable_another):
                with self.subTest(change=change.__name__):
                    self.under_load(change, margin)

    def killed_while_narrow(self) -> None:
        before = self.post(20)
        # Nothing needed these; what a process notes of that is ten seconds old at most.
        wait_until(lambda: self.noted() >= self.last(), what="the note", within=_PATIENCE)
        self.assertEqual(self.info()["num_pending"], 0)
        self.prefect.kill_services()
        self.create()
        during = self.post(20)
        self.assertEqual(self.config()["filter_subject"], _NARROW, "it was not left narrow")
        self.prefect.start_services(recorder=False)
        after = self.post(20)
        self.until_fired(*during, *after)
        self.assertFalse(set(before) & self.fired(), "it fired for what was before it")
        self.disable()

    def under_load(self, change: Any, margin: float) -> None:
        """A change under load, while narrow: all that is later than the margin fires."""
        self.narrow()
        posted: list[tuple[float, str]] = []
        ended = threading.Event()

        def load() -> None:
            while not ended.wait(0.05):
                began = time.monotonic()
                posted.extend((began, each) for each in self.post(2))

        thread = threading.Thread(target=load)
        thread.start()
        try:
            wait_until(lambda: len(posted) > 20, what="load", within=_PATIENCE)
            change()
            seen = time.monotonic() + margin
            wait_until(lambda: posted[-1][0] > seen + 1, what="load", within=_PATIENCE)
        finally:
            ended.set()
            thread.join()
        self.until_fired(*(each for began, each in posted if began >= seen))
        self.disable()

    def create(self) -> None:
        body = {"name": "task runs", "trigger": _TRIGGER, "actions": [{"type": "do-nothing"}]}
        self.automation = self.prefect.ask("automations/", body)["id"]

    def enable_and_disable_another(self) -> None:
        enabled = self.automation
        self.switch(enabled, on=True)
        self.create()
        self.disable()
        self.automation = enabled

    def disable(self) -> None:
        self.switch(self.automation, on=False)

    def switch(self, automation: str, *, on: bool) -> None:
        self.prefect.answer(f"automations/{automation}", {"enabled": on}, "PATCH")

    def replace(self) -> None:
        """The automation by one whose trigger is within a sequence."""
        sequence = {"type": "sequence", "within": 60, "triggers": [_TRIGGER]}
        body: dict[str, Any] = {
            "name": "again",
            "trigger": sequence,
            "actions": [{"type": "do-nothing"}],
        }
        body["enabled"] = True
        self.prefect.answer(f"automations/{self.automation}", body, "PUT")

    def post(self, count: int) -> list[str]:
        """Events of task runs; their ids."""
        ids = [str(uuid.uuid4()) for _ in range(count)]
        now = datetime.now(UTC).isoformat()
        events = [
            {
                "id": each,
                "occurred": now,
                "event": "prefect.task-run.Failed",
                "resource": {"prefect.resource.id": f"prefect.task-run.{each}"},
            }
            for each in ids
        ]
        self.prefect.answer("events", events)
        return ids

    def fired(self) -> set[str]:
        """The events that an automation has fired for."""
        if self.database.startswith("postgresql"):
            what = "payload->'triggering_event'->>'id'"
            return {*psql(self.database, _FIRED.format(what)).split()}
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            what = "json_extract(payload, '$.triggering_event.id')"
            return {str(each) for (each,) in connection.execute(_FIRED.format(what))}

    def until_fired(self, *ids: str) -> None:
        self.assertTrue(ids)
        missing: set[str] = set()

        def all_fired() -> bool:
            missing.clear()
            missing.update({*ids} - self.fired())
            if missing:
                time.sleep(0.3)  # looking costs as much as what is waited for
            return not missing

        try:
            wait_until(all_fired, what="the automation", within=_PATIENCE)
        except Exception as error:
            raise AssertionError(f"{len(missing)} of {len(ids)} were missed") from error

    def info(self) -> dict[str, Any]:
        with JetStream(self.nats.url) as stream:
            return stream.request(f"CONSUMER.INFO.{_DURABLE}")

    def config(self) -> dict[str, Any]:
        config: dict[str, Any] = self.info()["config"]
        return config

    def noted(self) -> int:
        """Up to where nothing needed task runs, as the description says."""
        return int(self.config()["description"].rpartition(" ")[2])

    def last(self) -> int:
        with JetStream(self.nats.url) as stream:
            return int(stream.request("STREAM.INFO.PREFECT_EVENTS")["state"]["last_seq"])

    def make_durable(self) -> None:
        """As prefect-nats makes it, but as if a process had narrowed it already."""
        how = {"durable_name": "events-reactive-triggers", "ack_policy": "explicit"}
        self.put({**how, "max_deliver": -1, "ack_wait": 30_000_000_000}, known=0)

    def put(self, config: dict[str, Any], known: int) -> None:
        config |= {"filter_subject": _NARROW, "description": str(Narrow(known))}
        with JetStream(self.nats.url) as stream:
            call = f"CONSUMER.DURABLE.CREATE.{_DURABLE}"
            stream.request(call, stream_name="PREFECT_EVENTS", config=config)

    def narrow(self) -> None:
        """Makes the durable narrow while no automation is enabled."""
        if not _LONG:
            self.put(self.config(), known=self.last())

        def narrow() -> bool:
            if self.is_narrow():
                return True
            self.post(1)  # a durable that is given nothing is not narrowed
            return False

        wait_until(narrow, what="a narrow durable", within=_PATIENCE)

    def is_narrow(self) -> bool:
        try:
            return self.config().get("filter_subject") == _NARROW
        except JetStreamError:
            return False


if __name__ == "__main__":
    unittest.main()
