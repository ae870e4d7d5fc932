"""The event persister as its users run it: poison, filters, verify, and beside another host."""

from __future__ import annotations

import contextlib
import datetime
import json
import unittest
from typing import Any

from services.event_persister.case import SUBJECT, PersisterCase, event_message

from support.event_rows import EventTables, read_event_rows
from support.prefect_schemas import load_schema
from support.prefect_venv import NEWEST
from support.program import flags, hangar, hangar_running
from support.servers import PostgresServer, psql, wait_until
from support.surface import Surface

_DURABLE = "events-event-persister"
_KILLED = 137
_OCCURRED = datetime.datetime.now(datetime.UTC)  # not past retention


def _event(name: str = "my.event", **members: Any) -> bytes:
    return event_message(name, _OCCURRED, **members)


class Case(PersisterCase):
    def setUp(self) -> None:
        super().setUp()
        self.settings["storage.url"] = self.folder / "hangar.sqlite"
        self.settings["storage.create_tables"] = "true"

    def store(self, *events: bytes) -> str:
        self.stream.publish(SUBJECT, list(events))
        return self.run_until_drained()

    def run_until_drained(self) -> str:
        done = hangar("run", "--until-drained", *flags(self.settings))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr

    def rows(self) -> EventTables:
        now = datetime.datetime.now(datetime.UTC)
        minute = datetime.timedelta(minutes=5)
        return read_event_rows(str(self.settings["storage.url"]), (now - minute, now))

    def names(self) -> list[str | None]:
        return sorted((row["event"] for row in self.rows()["events"]), key=str)

    def reasons(self) -> list[str]:
        if "HANGAR_DLQ" not in self.stream.streams():
            return []
        letters = self.stream.messages("HANGAR_DLQ")
        return sorted(letter.headers["Hangar-Dlq-Reason"] for letter in letters)


class Sqlite(Case):
    def test_it_goes_on_with_the_consumer_of_prefects_persister(self) -> None:
        config = {
            "durable_name": _DURABLE,
            "ack_policy": "explicit",
            "ack_wait": 30_000_000_000,
            "deliver_policy": "all",
        }
        name = f"CONSUMER.DURABLE.CREATE.PREFECT_EVENTS.{_DURABLE}"
        self.stream.request(name, stream_name="PREFECT_EVENTS", config=config)
        self.store(_event("from.prefect"))
        self.assertEqual(self.names(), ["from.prefect"])
        after = self.stream.request(f"CONSUMER.INFO.PREFECT_EVENTS.{_DURABLE}")
        self.assertNotIn("filter_subject", after["config"])

    def test_what_only_postgres_refuses_is_stored(self) -> None:
        self.store(_event("nul", payload={"k": "a\0"}), _event("x" * 1024), b"no event")
        self.assertEqual(self.names(), ["nul", "x" * 1024])
        self.assertEqual(self.reasons(), ["parse_error"])

    def test_a_name_leaves_an_event_out_and_verify_and_replay_agree(self) -> None:
        self.settings["services.event_persister.include"] = "my.*,noise"
        self.settings["services.event_persister.exclude"] = "*.heartbeat"
        said = self.store(
            _event("my.event"), _event("my.heartbeat"), _event("other"), _event("noise"), b"{}"
        )
        self.assertIn("only events named my.* or noise are stored", said)
        self.assertIn("events named *.heartbeat are not stored", said)
        self.assertEqual(self.names(), ["my.event", "noise"])
        self.assertEqual(self.reasons(), ["missing_field"])
        state = self.stream.request(f"CONSUMER.INFO.PREFECT_EVENTS.{_DURABLE}")
        self.assertEqual((state["num_pending"], state["num_ack_pending"]), (0, 0))
        before = self.rows()
        done = hangar("replay", "--sequence", "1", *flags(self.settings))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.rows(), before)
        done = hangar("verify", "--all", "-o", "json", *flags(self.settings))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        [found] = json.loads(done.stdout)
        self.assertEqual((found["rows"], found["different"]), (2, 0))

    def test_the_lag_of_every_consumer_is_told(self) -> None:
        self.stream.request(
            "STREAM.CREATE.PREFECT_ACTIONS", name="PREFECT_ACTIONS", subjects=["prefect.actions.>"]
        )
        made = (("PREFECT_EVENTS", "triggers"), ("PREFECT_ACTIONS", "actions"))
        for stream, durable in made:
            config = {"durable_name": durable, "ack_policy": "explicit", "deliver_policy": "all"}
            self.stream.request(
                f"CONSUMER.DURABLE.CREATE.{stream}.{durable}", stream_name=stream, config=config
            )
        config = {"ack_policy": "none", "deliver_policy": "all"}
        self.stream.request(
            "CONSUMER.CREATE.PREFECT_EVENTS", stream_name="PREFECT_EVENTS", config=config
        )
        self.stream.publish(SUBJECT, [_event(), _event()])
        self.stream.publish("prefect.actions.triggered", [b"{}"])
        expected = {
            'stream="PREFECT_ACTIONS",consumer="actions"': 1,
            'stream="PREFECT_EVENTS",consumer="*"': 2,
            'stream="PREFECT_EVENTS",consumer="triggers"': 2,
            f'stream="PREFECT_EVENTS",consumer="{_DURABLE}"': 0,
        }
        log = self.folder / "log"
        with hangar_running(*flags(self.settings), log=log) as process:
            surface = Surface.of(process, self.folder / "data", log)

            def told() -> dict[str, float]:
                name = "hangar_consumer_pending_messages"
                found = surface.metrics().items()
                return {one[len(name) + 1 : -1]: lag for one, lag in found if one.startswith(name)}

            wait_until(lambda: told() == expected, what="the lags", process=process, log=log)

    def test_what_is_left_out_is_counted(self) -> None:
        self.settings["services.event_persister.exclude"] = "noise"
        self.stream.publish(SUBJECT, [_event("noise"), _event("noise"), _event("my.event")])
        log = self.folder / "log"
        with hangar_running(*flags(self.settings), log=log) as process:
            surface = Surface.of(process, self.folder / "data", log)

            def settled() -> bool:
                found = surface.metrics()
                return any(found[one] == 3 for one in found if "messages_acked_total" in one)

            wait_until(settled, what="the acks", process=process, log=log)
            metrics = surface.metrics()
        self.assertEqual(metrics['hangar_messages_filtered_total{service="event_persister"}'], 2)
        stored = {key: value for key, value in metrics.items() if "persister_rows_total" in key}
        self.assertEqual(sorted(stored.values()), [0, 1, 2], stored)


class Postgres(Case):
    server: PostgresServer

    def setUp(self) -> None:
        super().setUp()
        server = self.enterContext(PostgresServer(fsync=False))
        url = server.create_database("persister")
        load_schema(NEWEST, url)
        self.server = server
        self.settings |= {"storage.url": url, "storage.create_tables": "false"}

    def test_poison_goes_alone_to_the_dead_letters(self) -> None:
        noise = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(1000))
        good = [_event(f"good.{number}") for number in range(50)]
        poison = [
            _event("nul", payload={"k": ["a\0"]}),
            _event("nul", related=[{"prefect.resource.id": "\0", "prefect.resource.role": "r"}]),
            _event(noise),
            _event("long", resource={"prefect.resource.id": noise}),
            _event("long", related=[{"prefect.resource.id": noise, "prefect.resource.role": "r"}]),
        ]
        for place, event in enumerate(poison):
            good.insert(10 * place + 3, event)
        self.store(*good)
        self.assertEqual(len(self.names()), 50)
        self.assertEqual(len(self.rows()["event_resources"]), 100)
        self.assertEqual(self.reasons(), ["index_row_too_large"] * 3 + ["nul_byte"] * 2)

    def test_killed_at_each_place_it_stores_every_event_once(self) -> None:
        places = ("before_write", "before_commit", "after_commit", "before_ack")
        for count, place in enumerate(places, 1):
            with self.subTest(place):
                self.stream.publish(SUBJECT, [_event(place) for _ in range(20)])
                failing = {"HANGAR_TEST_FAILPOINTS": f"{place}=exit"}
                done = hangar("run", "--until-drained", *flags(self.settings), env=failing)
                self.assertEqual(done.returncode, _KILLED, done.stderr)
                self.run_until_drained()
                self.assertEqual(len(self.names()), 20 * count)
                self.assertEqual(len(self.rows()["event_resources"]), 40 * count)

    def test_select_and_insert_are_enough(self) -> None:
        url = str(self.settings["storage.url"])
        psql(
            url,
            "CREATE ROLE little LOGIN; GRANT SELECT, INSERT ON events, event_resources TO little;",
        )
        self.settings["storage.url"] = url.replace(f"{self.server.user}@", "little@")
        for _ in range(2):  # a second time it is stored already
            said = self.store(_event("my.event", id="00000000-0000-4000-8000-000000000001"))
            self.assertNotIn("denied", said)
        self.assertEqual(self.names(), ["my.event"])

    def test_two_hosts_and_a_replay_store_every_event_once(self) -> None:
        events = [_event(f"e.{number}") for number in range(300)]
        with contextlib.ExitStack() as hosts:
            for number in range(2):
                log = self.folder / f"{number}.log"
                own = flags(self.settings | {"data_dir": self.folder / str(number)})
                process = hosts.enter_context(hangar_running(*own, log=log))
            self.stream.publish(SUBJECT, events + events[:100])
            wait_until(lambda: len(self.names()) == 300, what="rows", process=process, log=log)
        done = hangar("replay", "--sequence", "1", *flags(self.settings))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(self.names()), 300)
        self.assertEqual(len(self.rows()["event_resources"]), 600)
        self.assertEqual(self.reasons(), [])


if __name__ == "__main__":
    unittest.main()
