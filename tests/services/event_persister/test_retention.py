"""Old events go as Prefect's vacuum deletes them, by one host at a time, while others come in."""

from __future__ import annotations

import contextlib
import re
import subprocess
import unittest
from pathlib import Path
from typing import ClassVar

from services.event_persister.case import SUBJECT, event_message
from services.event_persister.retained import (
    DAY,
    NOW,
    OVERRIDES,
    Content,
    Ids,
    RetentionCase,
    ago,
    mixed_content,
    run_sql,
)

from support.prefect_schemas import load_schema
from support.prefect_venv import NEWEST, PrefectVenv, prefect_url, prefect_venv
from support.program import flags, hangar, hangar_running
from support.servers import PostgresServer, psql, wait_until
from support.surface import Surface

_KILLED = 137
_VACUUM = Path(__file__).with_name("prefect_vacuum.py")


class Sqlite(RetentionCase):
    def setUp(self) -> None:
        super().setUp()
        self.database = str(self.folder / "mine.sqlite")
        load_schema(NEWEST, self.database)
        self.settings["storage.url"] = self.database

    def test_killed_at_each_place_it_goes_on(self) -> None:
        content = Content()
        for number in range(20):
            content.add("other", ago((8 if number else 1) * DAY + number))
        # The next host waits until the lease of the one that was killed is over.
        self.settings["services.event_persister.db_vacuum.loop_seconds"] = "1s"
        run_sql(self.database, content.sql(""))
        for place, left in (("before_commit", 20), ("after_commit", 13)):
            failing = {"HANGAR_TEST_FAILPOINTS": f"{place}=exit"}
            done = hangar("run", *flags(self.settings), env=failing)
            self.assertEqual(done.returncode, _KILLED, done.stderr)
            found = self.ids(self.database)
            self.assertEqual([len(ids) for ids in found.values()], [left, 2 * left])
        self.one_pass()
        self.assertEqual([len(ids) for ids in self.ids(self.database).values()], [1, 2])

    def test_without_events_in_prefects_list_nothing_goes(self) -> None:
        content = Content()
        content.add("other", ago(30 * DAY))
        run_sql(self.database, content.sql(""))
        self.stream.publish(SUBJECT, [event_message("new", NOW)])
        environment = {"PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "flow_runs"}
        done = hangar("run", "--until-drained", *flags(self.settings), env=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("retention", done.stderr)
        self.assertEqual(len(self.ids(self.database)["events"]), 2)
        environment["PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED"] = "event"
        done = hangar("config", "check", *flags(self.settings), env=environment)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("'event' is none of events, flow_runs and orphans", done.stderr)


class Postgres(RetentionCase):
    server: ClassVar[PostgresServer]

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = cls.enterClassContext(
            PostgresServer(fsync=False, settings={"max_prepared_transactions": "1"})
        )

    def database(self, name: str, version: str = NEWEST) -> str:
        url = self.server.create_database(name)
        load_schema(version, url)
        return url

    def compare(self, mine: str, everything: Ids, prefects: Ids) -> None:
        """What a pass leaves of the rows in `mine` with what Prefect's vacuum left."""
        self.settings["services.event_persister.db_vacuum.event_retention_overrides"] = OVERRIDES
        said = self.one_pass(("storage.url", mine))
        self.assertEqual(self.ids(mine), prefects)
        self.assertRegex(said, "deleted 3. events named my.noise and .* that occurred before")
        for table, left in self.ids(mine).items():
            self.assertGreater(len(left), 20, table)
            counted = self.metrics[
                f'hangar_persister_deleted_rows_total{{service="event_persister",table="{table}"}}'
            ]
            self.assertEqual(counted, len(everything[table]) - len(left), table)

    def trim(self, database: str, everything: Ids, prefects: Ids) -> None:
        """What the command counts and leaves of the same rows."""
        command = ("events", "trim", *flags(self.settings | {"storage.url": database}))
        for words, verb, left in (
            (["--dry-run"], "would delete", everything),
            ([], "deleted", prefects),
        ):
            done = hangar(*command, *words)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(self.ids(database), left)
            found = re.findall(
                rf"{verb} (\d+) events( named my.noise)? and (\d+) event resources that occurred"
                r" before \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n",
                done.stdout,
            )
            self.assertEqual([name for _, name, _ in found], [" named my.noise", ""], done.stdout)
            for place, table in ((0, "events"), (2, "event_resources")):
                said = sum(int(line[place]) for line in found)
                self.assertEqual(said, len(everything[table]) - len(prefects[table]), done.stdout)

    def test_the_rows_remain_that_prefects_vacuum_leaves(self) -> None:
        """On both storages at once, because most of the time Prefect imports itself."""
        file, prefects_file = (str(self.folder / f"{one}.sqlite") for one in ("mine", "prefects"))
        for database in (file, prefects_file):
            load_schema(NEWEST, database)
        # Mine is of a release that had none of the indexes which Prefect made for its vacuum.
        url, prefects_url = self.database("mine", "3.6.29"), self.database("prefects")
        content = mixed_content()
        pairs = ((file, prefects_file), (url, prefects_url))
        trimmed = (str(self.folder / "trimmed.sqlite"), self.database("trimmed", "3.6.29"))
        load_schema(NEWEST, trimmed[0])
        for database in (*trimmed, *(one for pair in pairs for one in pair)):
            run_sql(database, content.sql("+00" if database.startswith("postgres") else ""))
        everything = self.ids(file)
        environment = PrefectVenv.environment(self.folder) | {
            "PREFECT_SERVER_SERVICES_DB_VACUUM_EVENT_RETENTION_OVERRIDES": OVERRIDES
        }
        subprocess.run(
            [prefect_venv().python, _VACUUM, *(prefect_url(prefects) for _, prefects in pairs)],
            env=environment,
            check=True,
            timeout=300,
        )
        for (mine, prefects), by_command in zip(pairs, trimmed, strict=True):
            with self.subTest(database=mine):
                self.compare(mine, everything, self.ids(prefects))
                self.trim(by_command, everything, self.ids(prefects))

    def test_two_hosts_trim_while_events_come_in_and_one_is_killed(self) -> None:
        content = Content()
        for number in range(40):
            content.add("other", ago(8 * DAY + number), ["a.tag", f"run.{number}"])
        url = self.database("shared")
        self.settings["storage.url"] = url
        self.settings["services.event_persister.db_vacuum.batch_size"] = "1"
        self.settings["services.event_persister.db_vacuum.loop_seconds"] = "1s"
        run_sql(url, content.sql("+00"))
        # Oldest first: 20 go, and the next one has to wait.
        lock = f"SELECT FROM events WHERE id = '{content.events[19][0]}' FOR UPDATE"
        psql(url, f"BEGIN; {lock}; PREPARE TRANSACTION 'held'")
        logs = [self.folder / f"{number}.log" for number in range(2)]

        def count(name: str) -> int:
            return int(psql(url, f"SELECT count(*) FROM events WHERE event = '{name}'"))

        with contextlib.ExitStack() as hosts:
            running = []
            for number, log in enumerate(logs):
                own = flags(self.settings | {"data_dir": self.folder / str(number)})
                running.append(hosts.enter_context(hangar_running(*own, log=log)))

            def holders() -> list[int]:
                return [i for i, log in enumerate(logs) if "holds the lease" in log.read_text()]

            wait_until(
                lambda: count("other") == 20, what="deletes", process=running[0], log=logs[0]
            )
            [holder] = holders()
            running[holder].kill()
            other = 1 - holder
            self.stream.publish(SUBJECT, [event_message("new", NOW) for _ in range(200)])
            psql(url, "ROLLBACK PREPARED 'held'")
            wait_until(
                lambda: (count("other"), count("new")) == (0, 200),
                what="the rest",
                process=running[other],
                log=logs[other],
            )
        strays = (
            "SELECT count(*) FROM event_resources WHERE event_id NOT IN (SELECT id FROM events)"
        )
        self.assertEqual(psql(url, strays).strip(), "0")
        self.assertEqual(len(self.ids(url)["event_resources"]), 400)

    def test_events_go_in_while_a_slice_of_deletes_is_held_up(self) -> None:
        content = Content()
        for number in range(3):
            content.add("other", ago(8 * DAY + number))
        url = self.database("held")
        run_sql(url, content.sql("+00"))
        self.settings |= {"storage.url": url, "services.event_persister.lanes": 1}
        # The oldest, which is in the smallest slice too.
        lock = f"SELECT FROM events WHERE id = '{content.events[2][0]}' FOR UPDATE"
        psql(url, f"BEGIN; {lock}; PREPARE TRANSACTION 'held'")
        log = self.folder / "log"

        def count(name: str) -> int:
            return int(psql(url, f"SELECT count(*) FROM events WHERE event = '{name}'"))

        with hangar_running(*flags(self.settings), log=log) as process:
            surface = Surface.of(process, self.folder / "data", log)

            def held_up() -> bool:
                found = surface.metrics()
                errors = [found[one] for one in found if "storage_errors" in one]
                return sum(errors) > 2

            wait_until(held_up, what="a slice that waits", process=process, log=log)
            self.assertEqual(surface.ask("/readyz")[0], 200)
            self.stream.publish(SUBJECT, [event_message("new", NOW) for _ in range(200)])
            wait_until(lambda: count("new") == 200, what="inserts", process=process, log=log)
            self.assertEqual(count("other"), 3)
            psql(url, "ROLLBACK PREPARED 'held'")
            wait_until(lambda: count("other") == 0, what="deletes", process=process, log=log)


if __name__ == "__main__":
    unittest.main()
