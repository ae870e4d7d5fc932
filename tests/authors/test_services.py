"""Services of one file each, outside of the tree: each does its work and every command knows it."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import Any, ClassVar

from authors.build_service import plugin_folder
from authors.case import SERVICES, Case

from support.program import flags, hangar
from support.servers import NatsServer, PostgresServer, psql, wait_until
from support.surface import Surface
from support.temporary import temporary_folder
from support.tree import build_folder


class Ticker(Case):
    SERVICE = "ticker"

    def test_service_without_a_source_is_ready_ticks_and_ends_when_it_is_stopped(self) -> None:
        self.settings["services.ticker.every"] = "10ms"
        self.assertEqual((self.declared()["reads"], self.declared()["tables"]), ([], []))
        self.command("doctor")
        with self.running() as process:
            surface = self.wait_ready(process)
            self.says("tick 3")
            status = json.loads(surface.ask("/status")[1])["services"]["ticker"]
            self.assertEqual((status["state"], status["sources"]), ("running", {}))
            self.end(process)


class Forwarder(Case):
    SERVICE = "forwarder"

    def test_kills_lose_and_double_nothing(self) -> None:
        config = {"subjects": ["originals.>"]}
        self.stream.request("STREAM.CREATE.ORIGINALS", name="ORIGINALS", **config)
        consumer = {"durable_name": "forwarder", "ack_policy": "explicit", "ack_wait": 10**9,
                    "filter_subject": "originals.>", "max_ack_pending": 20_000}  # fmt: skip
        self.stream.request(
            "CONSUMER.DURABLE.CREATE.ORIGINALS.forwarder", stream_name="ORIGINALS", config=consumer
        )
        self.settings["services.forwarder.batch_size"] = 100
        originals = [b"message %d" % number for number in range(20_000)]
        self.stream.publish("originals.all", originals)
        for _ in range(4):
            self.copy_some_and_be_killed(self.copied())
        self.assertLess(self.copied(), len(originals), "everything was copied before the last kill")
        self.drain()
        copies = Counter(message.data for message in self.stream.messages("COPIES"))
        self.assertEqual(copies, Counter(originals))
        self.command("doctor")

    def copy_some_and_be_killed(self, before: int) -> None:
        with self.running() as process:
            wait_until(lambda: self.copied() > before, what="a copy", log=self.log)
            process.kill()
            process.wait()

    def copied(self) -> int:
        if "COPIES" not in self.stream.streams():
            return 0
        return int(self.stream.request("STREAM.INFO.COPIES")["state"]["messages"])


class EventCounter(Case):
    SERVICE = "counter"

    def count(self, url: str) -> None:
        """Half of the events are delivered twice, and all of them once more to a new consumer."""
        self.settings |= {"storage.url": url, "storage.create_tables": "true"}
        self.assertEqual(self.declared()["tables"], ["counted_event", "flow_run_events"])
        self.stream.request("STREAM.CREATE.EVENTS", name="EVENTS", subjects=["events.>"])
        events = [
            json.dumps({"id": str(number), "flow_run": f"run {number % 3}"}).encode()
            for number in range(300)
        ]
        self.stream.publish("events.all", events + events[::2])
        self.drain()
        self.stream.request("CONSUMER.DELETE.EVENTS.counter")
        self.drain()
        self.command("doctor")
        self.command("verify", "--all")

    def test_each_event_counts_once_on_sqlite(self) -> None:
        file = self.folder / "counts.sqlite"
        self.count(str(file))
        with closing(sqlite3.connect(file)) as connection:
            rows = connection.execute("SELECT flow_run, events FROM flow_run_events").fetchall()
        self.assertEqual(sorted(rows), [(f"run {number}", 100) for number in range(3)])

    def test_each_event_counts_once_on_postgres(self) -> None:
        server = self.enterContext(PostgresServer(fsync=False))
        self.count(server.url())
        rows = psql(server.url(), "SELECT flow_run, events FROM flow_run_events ORDER BY 1")
        self.assertEqual(rows.split("\n")[:3], [f"run {number}|100" for number in range(3)])


class Narrower(Case):
    SERVICE = "narrower"

    def test_work_of_a_host_that_was_killed_is_done_by_another(self) -> None:
        self.settings["services.narrower.every"] = "200ms"
        declared = self.declared()
        self.assertEqual(declared["steers"], [{"stream": "EVENTS", "durable": "triggers"}])
        self.assertEqual(declared["leases"], ["narrow"])
        self.stream.request("STREAM.CREATE.EVENTS", name="EVENTS", subjects=["events.>"])
        self.widen()
        self.command("doctor")
        with self.running() as first:
            self.wait_ready(first)
            wait_until(self.narrow, what="a narrow filter", log=self.log)
            self.settings["data_dir"] = self.folder / "other"
            first_log, self.log = self.log, self.folder / "other.log"
            with self.running() as second:
                self.says("ready:")
                first.kill()
                first.wait()
                self.widen()
                wait_until(self.narrow, what="a narrow filter again", log=self.log)
                self.assertIn("holds the lease 'narrow' now", self.log.read_text())
                self.end(second)
        self.assertIn("holds the lease 'narrow' now", first_log.read_text())

    def consumer(self, call: str, **more: object) -> dict[str, Any]:
        return dict(self.stream.request(f"CONSUMER.{call}.EVENTS.triggers", **more))

    def narrow(self) -> bool:
        return bool(self.consumer("INFO")["config"].get("filter_subject") == "events.other")

    def widen(self) -> None:
        config = {"durable_name": "triggers", "ack_policy": "explicit"}
        self.consumer("DURABLE.CREATE", stream_name="EVENTS", config=config)


class TwoStreams(Case):
    SERVICE = "two_streams"

    def test_both_are_read_at_the_same_time_and_each_has_its_numbers(self) -> None:
        for side in ("left", "right"):
            name = side.upper()
            self.stream.request(f"STREAM.CREATE.{name}", name=name, subjects=[f"{side}.>"])
        self.assertEqual([read["name"] for read in self.declared()["reads"]], ["left", "right"])
        with self.running() as process:
            surface = self.wait_ready(process)
            for side in ("right", "left"):
                self.stream.publish(f"{side}.all", [f"to the {side}".encode()])
                self.says(f"{side}: to the {side}")
            sources = json.loads(surface.ask("/status")[1])["services"]["two_streams"]["sources"]
            received = {name: one["counters"]["received"] for name, one in sources.items()}
            self.assertEqual(received, {"left": 1, "right": 1})
            self.end(process)
        self.command("doctor")


class Inlet(Case):
    SERVICE = "inlet"

    def test_what_was_answered_202_is_stored_once_over_kills(self) -> None:
        self.assertEqual(self.declared()["listens"], [{"name": "http", "address": "127.0.0.1:0"}])
        self.command("doctor")
        posts = {str(number): b"post %d" % number for number in range(2_000)}
        unanswered = dict(posts)
        for kills in range(1, 4):
            with self.running() as process:
                address = self.listening(self.wait_ready(process))
                self.post(address, unanswered, most=400)
                # Some are on their way when it dies.
                with self.assertRaises((OSError, HTTPException)):
                    self.post(address, unanswered, kill=process, most=2_000)
                process.wait()
            self.assertGreater(len(unanswered), 0, f"all were answered before kill {kills}")
        with self.running() as process:
            self.post(self.listening(self.wait_ready(process)), unanswered, most=2_000)
            self.end(process)
        self.assertEqual(unanswered, {})
        stored = Counter(message.data for message in self.stream.messages("INLET"))
        self.assertEqual(stored, Counter(posts.values()))

    def test_port_that_is_taken_ends_the_run_and_names_the_setting(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = hangar("run", *flags(self.settings | {"services.inlet.listen": f":{port}"}))
            self.assertEqual(done.returncode, 78, done.stderr)
            self.assertIn("services.inlet.listen", done.stderr)
            self.settings["services.inlet.listen"] = f":{port}"
            checks = self.command("doctor", code=1)
        [listener] = [check for check in checks if check["what"].startswith("listener ")]
        self.assertEqual(listener["verdict"], "fail")
        self.assertIn("Address already in use", listener["found"])

    def listening(self, surface: Surface) -> str:
        service = json.loads(surface.ask("/status")[1])["services"]["inlet"]
        return str(service["listeners"]["http"]["address"])

    def post(
        self,
        address: str,
        unanswered: dict[str, bytes],
        *,
        most: int,
        kill: subprocess.Popen[bytes] | None = None,
    ) -> None:
        """Takes out what is answered; four clients, each with one connection."""

        def client(ids: list[str]) -> None:
            with closing(HTTPConnection(address, timeout=30)) as connection:
                for place, one in enumerate(ids):
                    connection.request("POST", "/", unanswered[one], {"X-Id": one})
                    if kill and place == len(ids) // 10:
                        kill.kill()
                    answer = connection.getresponse()
                    self.assertEqual((answer.status, answer.read()), (202, b""))
                    del unanswered[one]

        ids = list(unanswered)[:most]
        with ThreadPoolExecutor(4) as clients:
            for done in [clients.submit(client, ids[first::4]) for first in range(4)]:
                done.result()


class EveryService(unittest.TestCase):
    """Those of the tree, too, started and stopped at any moment and many times."""

    TICKER: ClassVar[str] = "ticker"

    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("authors"))
        self.plugins = plugin_folder(self.folder, *SERVICES.glob("*.cpp"))

    def stress(self, rounds: int, **more: object) -> None:
        settings = {"plugins.path": self.plugins, "data_dir": self.folder / "data", **more}
        words = [f"{name}={value}" for name, value in settings.items()]
        done = subprocess.run(
            [build_folder() / "bin" / "start_stop", str(rounds), self.TICKER, *words],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr[-8000:])
        stressed = {path.stem for path in SERVICES.glob("*.cpp")} - {self.TICKER}
        self.assertLessEqual(stressed | {"event_logger", "task_run_recorder"},
                             set(done.stdout.split("\n")))  # fmt: skip

    def test_stops_at_any_moment_leave_nothing_behind(self) -> None:
        nats = self.enterContext(NatsServer())
        self.stress(12, **{"nats.url": nats.url})

    def test_stops_while_nats_is_away_leave_nothing_behind(self) -> None:
        self.stress(12, **{"nats.url": "nats://127.0.0.1:1"})


if __name__ == "__main__":
    unittest.main()
