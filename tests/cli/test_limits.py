"""Servers and accounts with limits: what fits is taken, what does not is named with its remedy."""

from __future__ import annotations

import json
import subprocess
import unittest
from collections.abc import Mapping, Sequence
from typing import Any

from support.flow_runs import stream_lines
from support.jetstream import JetStream
from support.program import environment, flags, hangar_running, program
from support.servers import NatsServer, wait_until
from support.surface import Surface
from support.temporary import temporary_folder
from support.tree import ROOT

_SUBJECT = "prefect.events.task-run"
_STREAM, _DURABLE = "PREFECT_EVENTS", "events-task-run-recorder"
_MIB = 1 << 20
_SAMPLE = (ROOT / "etc" / "sample.jsonl").read_bytes()
_EVENT = b'{"id":"7b1c6c4e-0000-4000-8000-00000000000%d","event":"prefect.other"}'


class Case(unittest.TestCase):
    jetstream = ""
    settings_of_server = ""

    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("limits"))
        self.server = self.enterContext(
            NatsServer(jetstream=self.jetstream, settings=self.settings_of_server)
        )
        self.settings: dict[str, object] = {
            "data_dir": self.folder / "data",
            "nats.url": self.server.url,
        }

    def stream(self) -> JetStream:
        return self.enterContext(JetStream(self.server.url))

    def hangar(self, *words: str, code: int, given: bytes | None = None) -> str:
        """What it printed, both ways."""
        done = subprocess.run(
            [program(), *words, *flags(self.settings)],
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(),
            timeout=60,
            check=False,
        )
        text = done.stdout.decode()
        self.assertEqual(done.returncode, code, text)
        return text

    def make(self, name: str, subjects: Sequence[str], **more: object) -> JetStream:
        stream = self.stream()
        stream.request(f"STREAM.CREATE.{name}", name=name, subjects=subjects, **more)
        return stream

    def info(self, what: str) -> Mapping[str, Any]:
        config: Mapping[str, Any] = self.stream().request(what)["config"]
        return config


class SmallStore(Case):
    jetstream = "max_file_store: 100MB"

    def test_letters_that_have_no_room_hold_up_no_event(self) -> None:
        self.make(_STREAM, ["prefect.events.>"], discard="new").publish(
            _SUBJECT, [*stream_lines(_SAMPLE)[:1], b"no event"]
        )
        told = self.hangar("doctor", code=1)
        for word in ("268435456 bytes", "10047", "max_file_store", "nats.dlq_max_bytes"):
            self.assertIn(word, told)
        log = self.folder / "log"
        with hangar_running(*flags(self.settings), log=log) as process:
            surface = Surface.of(process, self.folder / "data", log)
            wait_until(
                lambda: surface.messages()["acked"] == 1 and surface.messages()["held"] == 1,
                what="the good event's ack",
                log=log,
                within=60,
            )
            status, text = surface.ask("/readyz")
            self.assertEqual(status, 503)
            self.assertIn("nats.dlq_max_bytes", text)
            process.terminate()  # which gives back what it holds
            self.assertEqual(process.wait(30), 0)
        self.assertIn("268435456 bytes", log.read_text())
        self.settings["nats.dlq_max_bytes"] = "4MiB"
        self.hangar("doctor", code=0)
        self.hangar("run", "--until-drained", code=0)
        self.assertEqual(self.info("STREAM.INFO.HANGAR_DLQ")["max_bytes"], 4 * _MIB)


class Account(Case):
    jetstream = 'limits { duplicate_window: "60s" }'
    settings_of_server = """
        accounts { LIMITED { users: [{user: limited, password: limited}], jetstream {
          max_file: 200MB, max_mem: 1MB, max_streams: 2, max_ack_pending: 500
          max_bytes_required: true, store_max_stream_bytes: 50MB
        } } }
        no_auth_user: limited
    """

    def test_limits_that_the_server_names_are_taken(self) -> None:
        self.hangar("run", "--until-drained", code=0)
        events = self.info(f"STREAM.INFO.{_STREAM}")
        self.assertEqual(events["duplicate_window"], 60 * 10**9)
        self.assertGreater(events["max_bytes"], 10 * _MIB)
        consumer = self.info(f"CONSUMER.INFO.{_STREAM}.{_DURABLE}")
        self.assertEqual(consumer["max_ack_pending"], 500)
        self.assertGreater(self.info("STREAM.INFO.HANGAR_DLQ")["max_bytes"], 10 * _MIB)
        self.settings["services.task_run_recorder.stream"] = "PREFECT_THIRD"
        self.settings["services.task_run_recorder.filter_subject"] = "third"
        self.assertIn("max_streams", self.hangar("run", "--until-drained", code=78))


class Streams(Case):
    def test_stream_that_shares_nothing_with_the_filter_is_refused(self) -> None:
        self.make(_STREAM, ["other.>", "more"])
        for words in (("run", "--until-drained"), ("doctor",)):
            told = self.hangar(*words, code=1 if words == ("doctor",) else 78)
            self.assertIn("takes other.>, more", told)
            self.assertIn(_SUBJECT, told)

    def test_what_lasts_until_somebody_changes_it_is_not_tried_again(self) -> None:
        self.make("ELSEWHERE", ["prefect.>"])
        for setting, value, words in (
            ("stream", _STREAM, "stream ELSEWHERE takes these subjects already"),
            ("stream", "a b", "cannot be a name in JetStream"),
            ("filter_subject", "foo bar", "is no subject"),
        ):
            with self.subTest(value):
                self.settings[f"services.task_run_recorder.{setting}"] = value
                self.assertIn(words, self.hangar("run", "--until-drained", code=78))

    def test_nothing_is_read_again_from_a_stream_that_deletes_what_is_acked(self) -> None:
        self.make(_STREAM, ["prefect.events.>"], retention="workqueue")
        self.hangar("run", "--until-drained", code=0)
        for words in (("replay", "--sequence", "1"), ("verify", "--all")):
            told = self.hangar(*words, code=78)
            self.assertIn("retention `workqueue`", told)
            self.assertNotIn("10101", told)

    def test_replay_from_behind_the_end_says_so(self) -> None:
        self.make(_STREAM, ["prefect.events.>"]).publish(_SUBJECT, [_EVENT % 1])
        told = self.hangar("replay", "--sequence", "99999999", code=0)
        self.assertIn("ends at 1: there is nothing from 99999999 on", told)
        self.assertNotIn("lost", told)


class Publish(Case):
    def stored(self) -> list[bytes]:
        return [message.data for message in self.stream().messages(_STREAM)]

    def test_what_can_be_read_once_only_is_stored(self) -> None:
        lines = stream_lines(_SAMPLE)[:20]
        given = b"".join(line + b"\n" for line in lines)
        self.assertIn("20 stored", self.hangar("publish", "/dev/stdin", code=0, given=given))
        self.assertEqual(self.stored(), lines)
        self.assertIn("20 were there", self.hangar("publish", "-", code=0, given=given))
        words = [program(), "publish", *flags(self.settings)]
        done = subprocess.run(
            ["bash", "-c", '"$@" <(cat)', "bash", *map(str, words)],
            input=given,
            capture_output=True,
            env=environment(),
            timeout=60,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"20 were there", done.stderr)

    def test_list_of_events_is_published_event_by_event(self) -> None:
        one, two, three = (_EVENT % number for number in (1, 2, 3))
        given = b'[%b, %b]\n{"events":[%b],"total":1}\n' % (one, two, three)
        self.assertIn("3 stored", self.hangar("publish", "-", code=0, given=given))
        self.assertEqual(self.stored(), [one, two, three])
        pretty = json.dumps([json.loads(one)], indent=2).encode()
        self.assertIn("jq -c", self.hangar("publish", "-", code=1, given=pretty))

    def test_what_is_refused_is_named_as_the_server_says(self) -> None:
        given = _EVENT % 1 + b"\n"
        told = self.hangar("publish", "-", "--subject", "foo bar", code=78, given=given)
        self.assertIn("`foo bar` is no subject", told)
        stream = self.make("FULL", ["full"], max_msgs=1, discard="new")
        stream.publish("full", [b"1"])
        told = self.hangar("publish", "-", "--subject", "full", code=69, given=given)
        self.assertIn("maximum messages exceeded", told)
        self.assertNotIn("overloaded", told)
        self.make("SILENT", ["silent"], no_ack=True)
        told = self.hangar("publish", "-", "--subject", "silent", code=1, given=given)
        self.assertIn("stream SILENT has no_ack", told)


if __name__ == "__main__":
    unittest.main()
