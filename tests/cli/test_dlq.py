"""`hangar dlq`: what could not be recorded is seen, put back, deleted and taken elsewhere."""

from __future__ import annotations

import json
import signal
import subprocess
import unittest
from pathlib import Path
from typing import Any

from support.flow_runs import stream_lines
from support.jetstream import JetStream
from support.program import at_a_terminal, environment, flags, hangar, program
from support.rows import read_rows
from support.servers import NatsServer
from support.temporary import temporary_folder

_GOLDEN = Path(__file__).resolve().parents[1] / "golden"
_SUBJECT = "prefect.events.task-run"
# Bytes that JSON, a line and a terminal cannot hold.
_HOSTILE = b'{"id": "\xff\x00"}\n\x1b[31mred\r\n'


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("dlq"))
        self.server = self.enterContext(NatsServer())
        self.stream = self.enterContext(JetStream(self.server.url))
        self.database = self.folder / "hangar.sqlite"
        self.settings = flags(
            {
                "data_dir": self.folder / "data",
                "nats.url": self.server.url,
                "storage.url": self.database,
                "storage.create_tables": "true",
            }
        )

    def record(self) -> None:
        done = hangar("run", "--until-drained", *self.settings)
        self.assertEqual(done.returncode, 0, done.stderr)

    def dlq(self, *words: str, code: int = 0) -> str:
        done = hangar("dlq", *words, *self.settings)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def letters(self, *filters: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.dlq("ls", "-o", "json", *filters))
        return found

    def numbers(self, *filters: str) -> list[int]:
        return [letter["dead_letter_sequence"] for letter in self.letters(*filters)]

    def reject(self, bodies: list[bytes]) -> list[dict[str, Any]]:
        """Publishes what no recorder takes and lets it be rejected."""
        self.record()  # makes the streams
        headers = {"Kind": "odd", "Nats-Expected-Stream": "PREFECT_EVENTS"}
        self.stream.publish(_SUBJECT, bodies, headers)
        self.record()
        return self.letters()

    def letters_of_good_events(self, events: list[bytes]) -> None:
        """Letters of events that can be recorded by now, as after an outage of somebody else."""
        self.record()  # makes the streams
        headers = {
            "Hangar-Dlq-Service": "task_run_recorder",
            "Hangar-Dlq-Stream": "PREFECT_EVENTS",
            "Hangar-Dlq-Subject": _SUBJECT,
            "Hangar-Dlq-Reason": "orphan_flow_run",
            "Hangar-Dlq-Sequence": "1",
        }
        self.stream.publish("hangar.dlq.task_run_recorder", events, headers)

    def held(self, stream: str) -> list[bytes]:
        return [message.data for message in self.stream.messages(stream)]

    def count(self, stream: str) -> int:
        return int(self.stream.request(f"STREAM.INFO.{stream}")["state"]["messages"])


class Listing(Case):
    def test_filters_choose_letters(self) -> None:
        letters = self.reject([b"not json", b"{}", b"[]", b"also not json", b"{}"])
        self.assertEqual(len(letters), 5)
        first = letters[0]
        self.assertEqual((first["service"], first["subject"]), ("task_run_recorder", _SUBJECT))
        reasons = {letter["reason"] for letter in letters}
        self.assertGreater(len(reasons), 1)
        for reason in reasons:
            found = self.letters("--reason", reason)
            self.assertEqual({letter["reason"] for letter in found}, {reason})
        self.assertEqual(self.numbers("--sequence", "2,4"), [2, 4])
        self.assertEqual(self.numbers("--sequence", "2", "--sequence", "4"), [2, 4])
        self.assertEqual(self.numbers("--limit", "2"), [1, 2])
        self.assertEqual(self.numbers("--service", "event_logger"), [])
        self.assertEqual(len(self.numbers("--service", "task_run_recorder", "--since", "1h")), 5)
        self.assertEqual(self.numbers("--since", "2200-01-01T00:00:00Z"), [])
        self.assertEqual(len(self.numbers("--since", first["time"])), 5)

    def test_a_moment_or_a_number_that_is_none_is_a_usage_error(self) -> None:
        for words in (("--since", "yesterday"), ("--sequence", "x"), ("--limit", "0")):
            with self.subTest(words=words):
                self.assertTrue(self.dlq("ls", *words, code=2))

    def test_show_tells_everything_and_nothing_that_a_terminal_obeys(self) -> None:
        [letter] = self.reject([_HOSTILE])
        shown = self.dlq("show", "1")
        for text in (letter["reason"], letter["error"], _SUBJECT, "Kind: odd", r"\x1b[31mred\x0d"):
            self.assertIn(text, shown)
        self.assertNotRegex(shown, r"[\x00\x1b\x80-\x9f]")
        told = json.loads(self.dlq("show", "1", "-o", "json"))
        self.assertEqual({key: told[key] for key in letter}, letter)
        self.assertIn(["Kind", "odd"], told["headers"])
        raw = subprocess.run(
            [program(), "dlq", "show", "1", "--raw", *self.settings],
            env=environment(),
            capture_output=True,
            check=True,
        )
        self.assertEqual(raw.stdout, _HOSTILE)

    def test_a_letter_that_is_not_there_is_named(self) -> None:
        self.assertIn("no letter 7", self.dlq("show", "7", code=1))
        self.assertTrue(self.dlq("show", code=2))

    def test_a_person_sees_a_table(self) -> None:
        self.reject([b"not json"])
        heading, row = self.dlq("ls", "--each").splitlines()
        self.assertRegex(heading, r"^SEQ +SERVICE +STREAM +EVENT +TIME +REASON +POINTER +ERROR$")
        self.assertRegex(row, r"^1 +task_run_recorder +PREFECT_EVENTS +1 ")

    def test_equal_letters_are_one_line_with_their_number(self) -> None:
        self.reject([b"not json", b"{}", b"not json", b"not json"])
        heading, *rows = self.dlq("ls").splitlines()
        columns = "SEQ +LETTERS +SERVICE +STREAM +FIRST +LAST +REASON +POINTER +ERROR"
        self.assertRegex(heading, f"^{columns}$")
        self.assertEqual(len(rows), 2, rows)
        self.assertRegex(rows[0], r"^1 +3 +task_run_recorder +PREFECT_EVENTS ")
        self.assertEqual(len(self.dlq("ls", "--each").splitlines()), 5)
        self.assertEqual(len(json.loads(self.dlq("ls", "-o", "json"))), 4)


class Export(Case):
    def test_what_is_exported_is_published_again_byte_for_byte(self) -> None:
        bodies = [b"not json", _HOSTILE, b"{}", b"", b"\xef\xbb\xbf{}"]
        self.reject(bodies)
        file = self.folder / "letters.jsonl"
        file.write_text(self.dlq("export"))
        self.assertEqual(len(file.read_text().splitlines()), len(bodies))
        self.assertEqual(self.dlq("export", "--sequence", "3").count("\n"), 1)
        self.assertEqual(self.count("HANGAR_DLQ"), len(bodies), "export takes nothing away")
        done = hangar("publish", *self.settings, file)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.held("PREFECT_EVENTS"), bodies * 2)
        last = list(self.stream.messages("PREFECT_EVENTS"))[-1]
        self.assertEqual((last.subject, last.headers["Kind"]), (_SUBJECT, "odd"))

    def test_a_damaged_line_is_named_and_not_published(self) -> None:
        file = self.folder / "letters.jsonl"
        file.write_text('{"hangar_dead_letter":{},"subject":"x"}\n')
        done = hangar("publish", *self.settings, file)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{file}:1", done.stderr)


class Replay(Case):
    def test_events_are_recorded_and_their_letters_gone(self) -> None:
        events = stream_lines((_GOLDEN / "plain.jsonl").read_bytes())
        self.letters_of_good_events(events)
        listed = json.loads(self.dlq("replay", "--dry-run", "-o", "json"))
        self.assertEqual(len(listed), len(events))
        self.assertEqual(self.count("PREFECT_EVENTS"), 0, "a dry run changes nothing")
        told = json.loads(self.dlq("replay", "-o", "json"))
        self.assertEqual(
            told, {"selected": len(events), "replayed": len(events), "gone": 0, "failed": 0}
        )
        self.assertEqual(self.held("PREFECT_EVENTS"), events)
        self.assertEqual(self.count("HANGAR_DLQ"), 0)
        self.record()
        known = json.loads((_GOLDEN / "plain.rows.json").read_text())
        rows = read_rows(str(self.database))
        for table in ("task_run", "task_run_state"):
            self.assertEqual(len(rows[table]), len(known[table]))
        self.assertEqual(json.loads(self.dlq("replay", "-o", "json"))["selected"], 0)

    def test_what_is_rejected_again_is_a_letter_again(self) -> None:
        self.reject([b"not json", b"{}"])
        self.dlq("replay", "--sequence", "2")
        self.record()
        self.assertEqual(self.numbers(), [1, 3])
        self.assertEqual(self.held("PREFECT_EVENTS")[-1], b"{}")

    def test_letters_whose_stream_is_gone_stay_and_the_others_are_replayed(self) -> None:
        self.reject([b"not json"])
        elsewhere = {
            "Hangar-Dlq-Service": "task_run_recorder",
            "Hangar-Dlq-Stream": "GONE",
            "Hangar-Dlq-Subject": "gone.events",
            "Hangar-Dlq-Sequence": "1",
        }
        self.stream.publish("hangar.dlq.task_run_recorder", [b"x"], elsewhere)
        # A subject that another stream has taken over is not the event's place any more.
        taken_over = {**elsewhere, "Hangar-Dlq-Subject": _SUBJECT}
        self.stream.publish("hangar.dlq.task_run_recorder", [b"x"], taken_over)
        said = self.dlq("replay", code=1)
        self.assertIn("gone.events", said)
        self.assertIn("1 replayed, 2 failed and stay", said)
        self.assertEqual(self.count("HANGAR_DLQ"), 2)
        self.assertEqual(self.held("PREFECT_EVENTS"), [b"not json"] * 2)

    def test_killed_half_way_it_loses_and_doubles_nothing_and_goes_on(self) -> None:
        events = [b'{"n": %d}' % n for n in range(3_000)]
        self.letters_of_good_events(events)
        for _ in range(2):
            enough = self.count("HANGAR_DLQ") - 100
            process = subprocess.Popen(
                [program(), "dlq", "replay", *self.settings],
                env=environment(),
                stderr=subprocess.DEVNULL,
            )
            while self.count("HANGAR_DLQ") > enough:
                self.assertIsNone(process.poll(), "it ended before it could be killed")
            process.send_signal(signal.SIGKILL)
            self.assertEqual(process.wait(), -signal.SIGKILL)
            both = set(self.held("PREFECT_EVENTS")) | set(self.held_letters())
            self.assertEqual(both, set(events), "lost")
        self.dlq("replay")
        self.assertEqual(self.count("HANGAR_DLQ"), 0)
        self.assertEqual(self.held("PREFECT_EVENTS"), events)

    def held_letters(self) -> list[bytes]:
        file = self.folder / "letters.jsonl"
        file.write_text(self.dlq("export"))
        return [json.loads(line)["data"].encode() for line in file.read_text().splitlines()]


class Purge(Case):
    def test_nobody_is_asked_where_nobody_can_answer(self) -> None:
        self.reject([b"not json"])
        self.assertIn("--yes", self.dlq("purge", code=2))
        self.assertEqual(self.count("HANGAR_DLQ"), 1)
        self.assertEqual(len(json.loads(self.dlq("purge", "--dry-run", "-o", "json"))), 1)
        self.assertEqual(self.count("HANGAR_DLQ"), 1)

    def test_only_what_is_chosen_is_deleted(self) -> None:
        self.reject([b"not json", b"{}", b"[]"])
        self.dlq("purge", "-y", "--sequence", "1,3")
        self.assertEqual(self.numbers(), [2])
        told = json.loads(self.dlq("purge", "--yes", "-o", "json"))
        self.assertEqual(told, {"selected": 1, "purged": 1, "gone": 0, "failed": 0})
        self.assertEqual(self.numbers(), [])

    def test_a_person_is_asked_and_sees_a_bar(self) -> None:
        self.reject([b"not json", b"{}"])
        code, seen = at_a_terminal("dlq", "purge", *self.settings, typed=b"n\n")
        self.assertIn("Delete 2 letters for good?", seen)
        self.assertEqual((code, self.count("HANGAR_DLQ")), (0, 2))
        code, seen = at_a_terminal("dlq", "purge", *self.settings, typed=b"y\n")
        self.assertIn("purged [" + "=" * 30 + "] 2/2", seen)
        self.assertEqual((code, self.count("HANGAR_DLQ")), (0, 0))


if __name__ == "__main__":
    unittest.main()
