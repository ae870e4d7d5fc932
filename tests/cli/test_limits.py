"""Servers and accounts with limits: what fits is taken, what does not is named with its remedy."""

from __future__ import annotations

import json
import subprocess
import unittest
from collections.abc import Mapping, Sequence
from pathlib import Path
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
# With an operator, accounts and a user that were made for these tests; they open nothing else.
_CREDENTIALS = Path(__file__).parent / "credentials"
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


class Doctor(Case):
    """What `hangar run` would meet, doctor says before; what it made to see that is gone."""

    def foreseen(self, *words: str, code: int = 1) -> str:
        stream = self.stream()
        before = stream.streams()
        told = self.hangar("doctor", code=code)
        for word in words:
            self.assertIn(word, told)
        self.assertEqual(stream.streams(), before)
        return told

    def remove(self, *names: str) -> None:
        for name in names:
            self.stream().request(f"STREAM.DELETE.{name}")


class Foreseen(Doctor):
    def test_what_keeps_streams_from_being_made(self) -> None:
        self.foreseen("there is none", code=0)
        self.make("ELSEWHERE", ["prefect.>"])
        self.foreseen("stream ELSEWHERE takes these subjects already", "stream to ELSEWHERE")
        self.remove("ELSEWHERE")
        self.make("OTHER", ["hangar.>"])
        told = self.foreseen("OTHER takes these subjects already", "nats stream edit OTHER")
        self.assertNotIn("dlq_max_bytes", told)
        log = self.hangar("run", "--until-drained", code=0)
        self.assertIn("OTHER takes these subjects already", log)
        self.assertNotIn("dlq_max_bytes", log)
        self.remove("OTHER", _STREAM)
        self.settings["nats.replicas"] = 3
        self.foreseen("cannot be made with 3 replica(s)", "10074", "set nats.replicas: 1")
        self.assertIn("10074", self.hangar("run", "--until-drained", code=78))

    def test_stream_that_refuses_events_or_gets_none(self) -> None:
        full = self.make(_STREAM, ["prefect.events.>"], max_msgs=1, discard="new")
        full.publish(_SUBJECT, [_EVENT % 1])
        self.foreseen("1 of 1 messages: events are refused", f"edit {_STREAM} --max-msgs=N")
        self.remove(_STREAM)
        self.make("ORIGIN", ["origin.>", "prefect.events.>"])
        mirror = {"name": "ORIGIN", "filter_subject": "origin.x"}
        self.make(_STREAM, [], mirror=mirror)
        self.foreseen("mirror: the stream stores origin.x", _SUBJECT)
        self.assertIn("stores origin.x", self.hangar("run", "--until-drained", code=78))
        self.remove(_STREAM, "ORIGIN")
        self.make("FAR", ["far.>"])
        self.make("ORIGIN", [], mirror={"name": "FAR"})
        self.make(_STREAM, [], mirror={"name": "ORIGIN"})
        self.foreseen("mirror: the stream stores far.>", _SUBJECT)
        self.assertIn("stores far.>", self.hangar("run", "--until-drained", code=78))


class Scarce(Doctor):
    settings_of_server = """
        accounts { SCARCE { users: [{user: scarce, password: scarce}], jetstream {
          max_file: 900MB, max_mem: 1MB, max_streams: 1, max_consumers: 1
        } } }
        no_auth_user: scarce
    """

    def test_streams_that_have_no_room_together(self) -> None:
        self.foreseen("0 of 1 streams", "makes 2 more", "max_streams")

    def test_consumer_and_letters_that_have_no_room(self) -> None:
        config = {"durable_name": "other", "ack_policy": "explicit"}
        self.make(_STREAM, ["prefect.events.>"]).request(
            f"CONSUMER.DURABLE.CREATE.{_STREAM}.other", stream_name=_STREAM, config=config
        )
        told = self.foreseen("cannot be made", "10026", "max_consumers", "max_streams")
        self.assertNotIn("dlq_max_bytes", told)
        self.assertIn("10026", self.hangar("run", "--until-drained", code=78))


class Tiers(Case):
    """The account may have one stream of one replica, and nothing else."""

    settings_of_server = (_CREDENTIALS / "tiers.conf").read_text()

    def test_limits_of_the_tier_for_so_many_replicas_are_those_that_count(self) -> None:
        self.settings["nats.credentials_file"] = _CREDENTIALS / "tiers.creds"
        told = self.hangar("doctor", code=1)
        for word in ("0 of 1 streams", "makes 2 more", "max_streams"):
            self.assertIn(word, told)
        self.settings["nats.replicas"] = 3
        for told in (self.hangar("doctor", code=1), self.hangar("run", code=78)):
            self.assertIn("10120", told)
            self.assertIn("set nats.replicas to what one of them is for", told)


class NoStore(Case):
    jetstream = "max_file_store: 0"

    def test_a_smaller_stream_is_no_remedy(self) -> None:
        told = self.hangar("doctor", code=1)
        self.assertIn("max_file_store: 0", told)
        self.assertNotIn("set nats.dlq_max_bytes", told)


class WorkQueue(Case):
    def test_clock_of_an_old_server_is_no_reason_to_ask_for_permissions(self) -> None:
        self.make(_STREAM, ["prefect.events.>"], retention="workqueue")
        self.hangar("run", "--until-drained", code=0)
        told = self.hangar("doctor", code=0)
        self.assertNotIn("let this user", told)
        self.assertIn("nats clock", told)


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

    def test_line_that_is_no_event_is_named_with_its_column(self) -> None:
        event = _EVENT % 1
        for given, place, said in (
            (b"\xef\xbb\xbf" + event, "-:1:1: ", "byte order mark"),
            (event + b"\n\n" + event, "-:2:1: ", "the line is empty"),
            (event + b"\n  \r\n", "-:2:1: ", "the line is empty"),
            (event + b'\n{"a":x}\n', "-:2:6: ", "not JSON"),
        ):
            with self.subTest(given):
                told = self.hangar("publish", "-", code=1, given=given)
                self.assertIn(place, told)
                self.assertIn(said, told)

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
