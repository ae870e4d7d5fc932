"""`hangar run` as an operator meets it: signals, exit codes, one service that fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.flow_runs import stream_lines
from support.jetstream import JetStream
from support.program import at_a_terminal, environment, flags, hangar, hangar_running, program
from support.rows import read_rows
from support.servers import HELD, NatsServer, PostgresServer, held_inserts, wait_until
from support.temporary import temporary_folder

_CAPTURE = Path(__file__).resolve().parents[1] / "golden" / "capture.jsonl"
_CONSUMER = "CONSUMER.INFO.PREFECT_EVENTS.events-task-run-recorder"


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("cli"))
        self.log = self.folder / "hangar.log"
        self.database = self.folder / "hangar.sqlite"
        self.settings: dict[str, object] = {
            "data_dir": self.folder / "data",
            "storage.url": self.database,
            "storage.create_tables": "true",
        }

    def connect(self) -> NatsServer:
        server = self.enterContext(NatsServer())
        self.settings["nats.url"] = server.url
        return server

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        with hangar_running(*flags(self.settings), *arguments, log=self.log) as process:
            yield process

    def publish(self) -> None:
        done = hangar("publish", *flags(self.settings), _CAPTURE)
        self.assertEqual(done.returncode, 0, done.stderr)

    def states(self) -> dict[str, str]:
        done = hangar(*flags(self.settings), "services", "ls", "-o", "json")
        return {service["name"]: service["state"] for service in json.loads(done.stdout)}

    def wait_for(self, process: subprocess.Popen[bytes], service: str, state: str) -> None:
        wait_until(
            lambda: self.states()[service] == state,
            what=f"{service} {state}",
            process=process,
            log=self.log,
        )

    def ended(self, process: subprocess.Popen[bytes]) -> int:
        try:
            return process.wait(30)
        except subprocess.TimeoutExpired:
            self.fail(f"it did not end within 30 s:\n{self.log.read_text()[-4000:]}")


class Signals(Case):
    def test_a_signal_drains_and_exits_0(self) -> None:
        self.connect()
        for sig in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=sig.name), self.running() as process:
                self.wait_for(process, "task_run_recorder", "running")
                process.send_signal(sig)
                self.assertEqual(self.ended(process), 0, self.log.read_text()[-4000:])
        self.assertEqual(self.states()["task_run_recorder"], "stopped")

    def test_under_load_it_acks_what_it_recorded_and_gives_the_rest_back(self) -> None:
        server = self.connect()
        self.settings["services.task_run_recorder.batch_size"] = 1
        self.publish()
        with JetStream(server.url) as stream:
            with self.running() as process:
                self.wait_for(process, "task_run_recorder", "running")
                process.send_signal(signal.SIGTERM)
                self.assertEqual(self.ended(process), 0)
            consumer = stream.request(_CONSUMER)
        recorded = len(stream_lines(_CAPTURE.read_bytes())) - consumer["num_pending"]
        self.assertGreaterEqual(recorded, consumer["num_ack_pending"])
        done = hangar("run", "--until-drained", *flags(self.settings))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_second_signal_ends_it_at_once(self) -> None:
        for sig, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            with self.subTest(signal=sig.name), self.stuck() as process:
                process.send_signal(sig)
                self.wait_for(process, "task_run_recorder", "stopping")
                process.send_signal(sig)
                self.assertEqual(self.ended(process), code)

    def test_what_does_not_drain_in_time_exits_75(self) -> None:
        self.settings["drain_timeout"] = "200ms"
        with self.stuck() as process:
            process.send_signal(signal.SIGTERM)
            self.assertEqual(self.ended(process), 75, self.log.read_text()[-4000:])

    @contextmanager
    def stuck(self) -> Iterator[subprocess.Popen[bytes]]:
        """A recorder whose transaction does not end."""
        self.connect()
        with PostgresServer(fsync=False) as server:
            self.settings |= {"storage.type": "postgres", "storage.url": server.url()}
            self.publish()
            self.assertEqual(hangar("run", "--until-drained", *flags(self.settings)).returncode, 0)
            with held_inserts(server.url(), "task_run_state"):
                # One more event, for the messages of before have been acked.
                lines = stream_lines(_CAPTURE.read_bytes())
                event = next(line for line in lines if b'"event":"prefect.task-run.' in line)
                with JetStream(str(self.settings["nats.url"])) as stream:
                    stream.publish("prefect.events.task-run", [event])
                with self.running() as process:
                    wait_until(
                        lambda: server.psql(HELD) != "0\n",
                        what="a transaction that waits",
                        process=process,
                        log=self.log,
                    )
                    yield process


class Failures(Case):
    def test_one_service_that_fails_leaves_the_other_running(self) -> None:
        self.connect()
        self.without_tables()
        self.settings["services.event_logger.enabled"] = "true"
        with self.running() as process:
            self.wait_for(process, "task_run_recorder", "failed")
            self.wait_for(process, "event_logger", "running")
            self.publish()
            lines = stream_lines(_CAPTURE.read_bytes())
            wait_until(
                lambda: self.log.read_bytes().count(b"Event:") >= len(lines),
                what="the lines of event_logger",
                process=process,
                log=self.log,
            )
            process.send_signal(signal.SIGTERM)
            self.assertEqual(self.ended(process), 78)

    def test_a_broker_that_is_not_there_yet_is_waited_for(self) -> None:
        server = self.connect()
        server.stop()
        with self.running() as process:
            self.wait_for(process, "task_run_recorder", "starting")
            server.start()
            self.wait_for(process, "task_run_recorder", "running")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(self.ended(process), 0)

    def test_it_ends_while_it_waits_for_the_broker(self) -> None:
        server = self.connect()
        server.stop()
        with self.running() as process:
            self.wait_for(process, "task_run_recorder", "starting")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(self.ended(process), 0)

    def test_a_database_without_tables_is_a_configuration_error(self) -> None:
        self.connect()
        self.without_tables()
        done = hangar("run", *flags(self.settings))
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("prefect server database upgrade", done.stderr)

    def without_tables(self) -> None:
        del self.settings["storage.create_tables"]
        self.settings |= {
            "storage.type": "postgres",
            "storage.url": self.enterContext(PostgresServer(fsync=False)).url(),
        }


class Draining(Case):
    def test_until_drained_ends_when_everything_is_recorded(self) -> None:
        self.connect()
        self.publish()
        done = hangar("run", "--until-drained", *flags(self.settings))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(read_rows(str(self.database))["task_run_state"]), 283)

    def test_until_drained_ends_at_once_on_an_empty_stream(self) -> None:
        self.connect()
        done = hangar("run", "--until-drained", *flags(self.settings), within=20)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_person_sees_colours_who_did_not_say_otherwise(self) -> None:
        self.connect()
        for words, coloured in (
            ({}, True),
            ({"NO_COLOR": ""}, True),
            ({"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, False),
            ({"CLICOLOR": "0"}, False),
        ):
            env = {"TERM": "xterm", **words}
            code, seen = at_a_terminal("run", "--until-drained", *flags(self.settings), env=env)
            self.assertEqual((code, "\x1b[" in seen), (0, coloured), seen)
        for word, coloured in (("0", False), ("1", True)):
            env = {"CLICOLOR_FORCE": word}
            done = hangar("run", "--until-drained", *flags(self.settings), env=env)
            self.assertEqual((done.returncode, "\x1b[" in done.stderr), (0, coloured), done.stderr)

    def test_publish_is_idempotent_and_counts(self) -> None:
        server = self.connect()
        self.publish()
        self.publish()
        with JetStream(server.url) as stream:
            state = stream.request("STREAM.INFO.PREFECT_EVENTS")["state"]
        ids = {json.loads(line)["id"] for line in stream_lines(_CAPTURE.read_bytes())}
        self.assertEqual(state["messages"], len(ids))

    def test_lines_that_are_not_json_are_published_only_raw(self) -> None:
        self.connect()
        file = self.folder / "lines.jsonl"
        file.write_text("this is no JSON\n")
        refused = hangar("publish", *flags(self.settings), file)
        self.assertEqual(refused.returncode, 1, refused.stderr)
        self.assertIn(f"{file}:1", refused.stderr)
        self.assertEqual(hangar("publish", "--raw", *flags(self.settings), file).returncode, 0)
        hangar("run", "--until-drained", *flags(self.settings))
        letters = json.loads(hangar("dlq", "ls", "-o", "json", *flags(self.settings)).stdout)
        self.assertEqual([letter["service"] for letter in letters], ["task_run_recorder"])
        self.assertTrue(letters[0]["reason"])


class Embedded(Case):
    def setUp(self) -> None:
        super().setUp()
        self.settings = {"data_dir": self.folder / "data"}
        if server := os.environ.get("HANGAR_TEST_NATS_SERVER"):
            self.settings["nats.server_binary"] = server

    def test_the_default_needs_nothing_but_a_folder_and_leaves_nothing_running(self) -> None:
        self.publish()
        done = hangar("run", "--until-drained", *flags(self.settings))
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = read_rows(str(self.folder / "data" / "hangar.db"))
        self.assertEqual(len(rows["task_run_state"]), 283)
        self.assertEqual(self.servers(), [])

    def test_its_server_dies_with_it(self) -> None:
        with self.running() as process:
            self.wait_for(process, "task_run_recorder", "running")
            self.assertEqual(len(self.servers()), 1)
            process.send_signal(signal.SIGKILL)
            process.wait()
            wait_until(lambda: not self.servers(), what="the end of nats-server")

    def test_its_server_is_started_again_when_it_dies(self) -> None:
        with self.running() as process:
            self.wait_for(process, "task_run_recorder", "running")
            (first,) = self.servers()
            os.kill(first, signal.SIGKILL)
            wait_until(
                lambda: self.servers() not in ([], [first]),
                what="another nats-server",
                process=process,
                log=self.log,
            )
            process.send_signal(signal.SIGTERM)
            self.assertEqual(self.ended(process), 0, self.log.read_text()[-4000:])
        self.assertEqual(self.servers(), [])

    def servers(self) -> list[int]:
        """Processes whose command line names this test's folder, but for hangar itself."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            names_it = any(str(self.folder).encode() in word for word in words[1:])
            if names_it and not words[0].endswith(b"/hangar"):
                found.append(int(folder.name))
        return found


class Homeless(Case):
    """As a container or a service manager starts it: without HOME."""

    def run_without_home(self) -> subprocess.CompletedProcess[str]:
        env = {key: value for key, value in environment().items() if key != "HOME"}
        return subprocess.run(
            [program(), "run", "--until-drained", *flags(self.settings)],
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def test_a_data_folder_is_asked_for_only_when_something_is_kept_there(self) -> None:
        del self.settings["data_dir"]
        done = self.run_without_home()
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("data_dir: set it", done.stderr)
        self.connect()
        done = self.run_without_home()
        self.assertEqual(done.returncode, 0, done.stderr)
        del self.settings["storage.url"]
        done = self.run_without_home()
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("data_dir: set it", done.stderr)

    def test_a_data_folder_that_others_can_change_is_refused(self) -> None:
        data = self.folder / "data"
        data.mkdir()
        data.chmod(0o777)
        done = hangar("run", "--until-drained", *flags(self.settings))
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn(f"data_dir: {data} is writable by others: run chmod go-w", done.stderr)


if __name__ == "__main__":
    unittest.main()
