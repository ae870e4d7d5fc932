"""The admin surface of a running host, as a probe, a scraper and a person meet it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import unittest
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPException
from pathlib import Path

from support.flow_runs import stream_lines
from support.jetstream import JetStream
from support.program import LITTLE_QUARANTINE, flags, hangar, hangar_running, resident
from support.servers import HELD, NatsServer, PostgresServer, held_inserts, wait_until
from support.surface import Surface
from support.temporary import temporary_folder

_GOLDEN = Path(__file__).resolve().parents[1] / "golden"
_VECTORS = ("capture", "hostile", "chaos", "forms")
_CONSUMER = "CONSUMER.INFO.PREFECT_EVENTS.events-task-run-recorder"
_CONNECTIONS = 10_000
_AT_ONCE = 500
_HOSTILE = (
    b"",
    b"G",
    b"GET /livez HTTP/1.1\r\nHo",
    b"GET /livez HTTP/1.1\r\nContent-Length: 1073741824\r\n\r\n" + bytes(4096),
    b"GET /livez HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 500,
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 2_000,
    b"GET /..%2f..%2fetc%2fpasswd HTTP/1.1\r\n\r\n",
    b"BREW /livez HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET http://elsewhere/livez HTTP/9.9\r\n\r\n",
)


def connected(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=10)


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("admin"))
        self.log = self.folder / "hangar.log"
        self.server = self.enterContext(NatsServer())
        self.settings: dict[str, object] = {
            "data_dir": self.folder / "data",
            "nats.url": self.server.url,
            "storage.url": self.folder / "hangar.sqlite",
            "storage.create_tables": "true",
        }

    @contextmanager
    def running(self) -> Iterator[tuple[subprocess.Popen[bytes], Surface]]:
        settings = flags(self.settings)
        with hangar_running(*settings, log=self.log, env=LITTLE_QUARANTINE) as process:
            yield process, Surface.of(process, self.folder / "data", self.log)

    def wait(self, met: Callable[[], bool], what: str, process: subprocess.Popen[bytes]) -> None:
        wait_until(met, what=what, process=process, log=self.log)

    def wait_ready(self, process: subprocess.Popen[bytes], surface: Surface) -> None:
        self.wait(lambda: surface.ask("/readyz")[0] == 200, "readiness", process)


class Accounts(Case):
    def test_every_message_received_is_in_exactly_one_account(self) -> None:
        with JetStream(self.server.url) as stream:
            for vector in _VECTORS:
                with self.subTest(vector=vector):
                    self._record(stream, vector)

    def _record(self, stream: JetStream, vector: str) -> None:
        lines = stream_lines((_GOLDEN / f"{vector}.jsonl").read_bytes())
        oracle = json.loads((_GOLDEN / f"{vector}.rows.json").read_text())
        stream.request(f"STREAM.CREATE.{vector}", name=vector, subjects=[vector])
        for setting in ("stream", "filter_subject", "durable"):
            self.settings[f"services.task_run_recorder.{setting}"] = vector
        self.settings["storage.url"] = self.folder / f"{vector}.sqlite"
        with self.running() as (process, surface):
            self.wait_ready(process, surface)
            before = surface.messages()
            self.assertEqual(set(before.values()), {0})
            stream.publish(vector, lines)
            # A scrape may come between an ack and the count of what is held.
            self.wait(
                lambda: (
                    (now := surface.messages())["acked"] + now["terminated"] == len(lines)
                    and now["held"] == 0
                ),
                f"{len(lines)} answers",
                process,
            )
            after = surface.messages()
            self.assertEqual(
                after["received"],
                after["acked"]
                + after["nacked"]
                + after["terminated"]
                + after["abandoned"]
                + after["held"],
            )
            self.assertEqual(after["terminated"], len(oracle["rejected"]))
            self.assertEqual(after["received"], len(lines) + after["nacked"])
            self.assertEqual((after["held"], after["held_bytes"]), (0, 0))
            self.assertEqual(set(after), set(before), "a series appeared late")
            status = json.loads(surface.ask("/status")[1])
            counters = status["services"]["task_run_recorder"]["sources"]["main"]["counters"]
            self.assertEqual(counters["received"], after["received"])


class Probes(Case):
    def test_ready_while_it_runs_and_not_while_it_drains(self) -> None:
        database = self.enterContext(PostgresServer(fsync=False))
        self.settings |= {"storage.type": "postgres", "storage.url": database.url()}
        with self.running() as (process, surface):
            self.wait_ready(process, surface)
            status, text = surface.ask("/readyz?verbose")
            self.assertEqual(status, 200)
            for check in ("loop", "host", "nats", "storage", "task_run_recorder"):
                self.assertIn(f"[+]{check} ok\n", text)
            self.assertEqual(surface.ask("/livez"), (200, "ok\n"))
            self.assertEqual(surface.ask("/readyz", "POST")[0], 405)
            self.assertEqual(json.loads(surface.ask("/status")[1])["storage"]["type"], "postgres")
            self.assertNotIn('storage="sqlite"', surface.ask("/metrics")[1])
            self.assertEqual(surface.ask("/config")[0], 404)
            with held_inserts(database.url(), "task_run_state"):
                self.publish_one()
                self.wait(lambda: database.psql(HELD) != "0\n", "a transaction that waits", process)
                self.assertEqual(surface.messages()["held"], 1)
                process.send_signal(signal.SIGTERM)
                draining = "[-]host failed: draining\n"
                self.wait(lambda: draining in surface.ask("/readyz")[1], "draining", process)
                self.assertEqual(surface.ask("/readyz")[0], 503)
                self.assertEqual(surface.ask("/livez")[0], 200)
            self.assertEqual(process.wait(30), 0, self.log.read_text()[-4000:])

    def publish_one(self) -> None:
        lines = stream_lines((_GOLDEN / "capture.jsonl").read_bytes())
        event = next(line for line in lines if b'"event":"prefect.task-run.' in line)
        with JetStream(self.server.url) as stream:
            stream.publish("prefect.events.task-run", [event])

    def test_a_broker_that_is_gone_is_not_ready_and_yet_alive(self) -> None:
        with self.running() as (process, surface):
            self.wait_ready(process, surface)
            self.server.kill()
            self.wait(
                lambda: "[-]nats failed" in surface.ask("/readyz?verbose")[1], "nats down", process
            )
            self.assertEqual(surface.ask("/readyz")[0], 503)
            self.assertEqual(surface.ask("/livez")[0], 200)

    def test_a_storage_that_is_down_is_not_ready_and_names_no_password(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        url = f"postgresql://somebody:hunter2@127.0.0.1:{port}/prefect"
        self.settings |= {"storage.type": "postgres", "storage.url": url}
        with self.running() as (process, surface):
            self.wait(
                lambda: "[-]storage failed: " in surface.ask("/readyz?verbose")[1],
                "storage down",
                process,
            )
            self.assertEqual(surface.ask("/readyz")[0], 503)
            self.assertEqual(surface.ask("/livez")[0], 200)
            said = "".join(surface.ask(path)[1] for path in ("/readyz", "/status", "/metrics"))
            self.assertNotIn("hunter2", said)
            self.assertTrue(json.loads(surface.ask("/status")[1])["storage"]["down"])
            failed = sum(
                value
                for series, value in surface.metrics().items()
                if series.startswith("hangar_storage_errors_total{")
            )
            self.assertGreater(failed, 0)


class Abuse(Case):
    def test_hostile_clients_cost_little_and_hold_no_event_up(self) -> None:
        """While they come the recorder records; when they are gone probes are answered."""
        lines = stream_lines((_GOLDEN / "shuffled.jsonl").read_bytes())
        with self.running() as (process, surface):
            self.wait_ready(process, surface)
            before, most = resident(process.pid), 0
            with ExitStack() as clients:
                open_ones: deque[socket.socket] = deque()
                for number in range(_CONNECTIONS):
                    client = clients.enter_context(connected(surface.address))
                    # It may have been closed already: only so many are served.
                    with suppress(OSError):
                        client.sendall(_HOSTILE[number % len(_HOSTILE)])
                    open_ones.append(client)
                    if len(open_ones) > _AT_ONCE:
                        open_ones.popleft().close()
                    if number % 100 == 0:
                        most = max(most, len(list(Path(f"/proc/{process.pid}/fd").iterdir())))
                with JetStream(self.server.url) as stream:
                    stream.publish("prefect.events.task-run", lines)
                    self.wait(
                        lambda: stream.request(_CONSUMER)["ack_floor"]["stream_seq"] == len(lines),
                        "every ack",
                        process,
                    )
            self.wait(lambda: self.answered(surface), "an answer to a probe", process)
            grown = resident(process.pid) - before
        print(f"figure G7: connections = {_CONNECTIONS}")
        print(f"figure G7: descriptors at most = {most}")
        print(f"figure G7: MiB grown = {grown >> 20}")
        self.assertLess(most, 64 + 64)
        self.assertLess(grown, 64 << 20)

    @staticmethod
    def answered(surface: Surface) -> bool:
        try:
            return surface.ask("/livez")[0] == 200
        except (OSError, HTTPException):
            return False


class Addresses(Case):
    def test_one_that_is_taken_is_said_with_what_to_do(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            self.settings["admin.listen"] = address
            done = hangar("run", *flags(self.settings))
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn(f"admin.listen: {address} cannot be listened on", done.stderr)

    def test_none_is_listened_on_when_it_is_empty(self) -> None:
        self.settings["admin.listen"] = ""
        with self.running() as (process, surface):
            self.assertEqual(surface.address, "")
            listening = [
                line.split()[9]
                for line in Path(f"/proc/{process.pid}/net/tcp").read_text().splitlines()[1:]
                if line.split()[3] == "0A"
            ]
            sockets = {str(link.readlink()) for link in Path(f"/proc/{process.pid}/fd").iterdir()}
            self.assertFalse({f"socket:[{inode}]" for inode in listening} & sockets)


if __name__ == "__main__":
    unittest.main()
