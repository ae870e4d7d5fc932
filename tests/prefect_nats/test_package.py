"""The wheel, its settings, and the names that it shares with Hangar."""

import datetime
import os
import sys
import unittest
import zipfile
from importlib import metadata
from pathlib import Path
from unittest import mock

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from pydantic import ValidationError

import prefect_nats
from prefect_nats import names
from prefect_nats.settings import NatsMessagingSettings
from support.tree import ROOT

_SOURCE = ROOT / "etc" / "prefect_nats"


class Wheel(unittest.TestCase):
    def test_it_is_what_was_installed_and_it_is_typed(self) -> None:
        (wheel,) = (Path(sys.prefix) / "dist").glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            packed = {name for name in archive.namelist() if name.startswith("prefect_nats/")}
        source = {str(file.relative_to(_SOURCE)) for file in (_SOURCE / "prefect_nats").iterdir()}
        self.assertEqual(packed, {name for name in source if not name.endswith("__pycache__")})
        self.assertIn("prefect_nats/py.typed", packed)
        self.assertTrue(Path(prefect_nats.__file__).is_relative_to(sys.prefix))

    def test_prefect_finds_it_among_its_collections(self) -> None:
        found = metadata.entry_points(group="prefect.collections")
        self.assertIn("prefect_nats", found.names)


class Settings(unittest.TestCase):
    def settings(self, **variables: str) -> NatsMessagingSettings:
        with mock.patch.dict(os.environ, variables):
            return NatsMessagingSettings()

    def test_every_setting_is_in_the_readme_with_its_meaning(self) -> None:
        readme = (_SOURCE / "README.md").read_text()
        for name, field in NatsMessagingSettings.model_fields.items():
            with self.subTest(setting=name):
                self.assertRegex(readme, rf"\n\| `{name.upper()}`.*\| {field.description} \|\n")

    def test_every_setting_is_read_from_prefects_environment(self) -> None:
        for name in NatsMessagingSettings.model_fields:
            known = {"url": "nats://x", "stream_prefix": "X", "replicas": "3"}
            value = {**known, "narrow_triggers": "true"}.get(name, "5")
            with self.subTest(setting=name):
                variables = {f"PREFECT_NATS_MESSAGING_{name.upper()}": value}
                settings = self.settings(**variables)
                self.assertIn(name, settings.model_fields_set)
                self.assertNotEqual(getattr(settings, name), getattr(self.settings(), name))

    def test_durations_are_seconds_or_iso_8601(self) -> None:
        for text, seconds in (("90", 90.0), ("1.5", 1.5), ("PT2M", 120.0), ("P7D", 604800.0)):
            settings = self.settings(PREFECT_NATS_MESSAGING_PUBLISHER_ACK_TIMEOUT=text)
            expected = datetime.timedelta(seconds=seconds)
            self.assertEqual(settings.publisher_ack_timeout, expected)

    def test_the_variables_of_nats_own_tools_are_the_second_choice(self) -> None:
        second = self.settings(NATS_URL="nats://second", NATS_CREDS="file")
        self.assertEqual(second.url.get_secret_value(), "nats://second")
        self.assertEqual(second.creds, Path("file"))
        both = self.settings(NATS_URL="nats://second", PREFECT_NATS_MESSAGING_URL="nats://first")
        self.assertEqual(both.url.get_secret_value(), "nats://first")

    def test_what_cannot_be_meant_is_refused(self) -> None:
        for name, value in (
            ("STREAM_PREFIX", "a.b"),
            ("REPLICAS", "0"),
            ("PUBLISHER_ACK_TIMEOUT", "0"),
            ("CONSUMER_MAX_RETRIES", "-1"),
            ("MAX_AGE", "long"),
        ):
            with self.subTest(setting=name), self.assertRaises(ValidationError):
                self.settings(**{f"PREFECT_NATS_MESSAGING_{name}": value})

    def test_a_secret_is_not_shown(self) -> None:
        shown = repr(
            self.settings(
                PREFECT_NATS_MESSAGING_URL="nats://me:hush@host",
                PREFECT_NATS_MESSAGING_PASSWORD="hush",
                PREFECT_NATS_MESSAGING_TOKEN="hush",
            )
        )
        self.assertNotIn("hush", shown)


class Names(unittest.TestCase):
    def test_they_are_those_of_hangar(self) -> None:
        self.assertEqual(names.stream_name("PREFECT", "events"), "PREFECT_EVENTS")
        self.assertEqual(names.durable_name("events", "task-run-recorder"), _DURABLE)
        self.assertEqual(names.durable_filter("PREFECT", "events", "task-run-recorder"), _SUBJECT)
        recorder = (ROOT / "services/task_run_recorder/recorder_config.hpp").read_text()
        for name in (_DURABLE, _SUBJECT):
            self.assertIn(f'"{name}"', recorder)

    def test_the_class_is_task_run_for_what_begins_so_and_other_for_all_else(self) -> None:
        for event, expected in (
            ("prefect.task-run", "task-run"),
            ("prefect.task-runs and more", "task-run"),
            ("prefect.task-ru", "other"),
            (" prefect.task-run", "other"),
            ("prefect.flow-run.*", "other"),
        ):
            self.assertEqual(names.subject_class({"event": event}), expected, event)
        self.assertEqual(names.subject_class({}), "other")

    def test_any_topic_and_group_is_one_token_and_different_ones_stay_different(self) -> None:
        odd = [
            "a.b",
            "a b",
            "a*b",
            "a>b",
            "A_b",
            "a_b",
            "",
            ".",
            "ä",
            "x" * 500,
            "x" * 501,
            "\ud83d",
        ]
        for made in (
            [names.stream_name("PREFECT", name) for name in odd],
            [names.durable_name("t", name) for name in odd],
        ):
            self.assertEqual(len(set(made)), len(odd))
            for name in made:
                self.assertRegex(name, r"\A[A-Za-z0-9_-]{1,100}\Z")


_DURABLE = "events-task-run-recorder"
_SUBJECT = "prefect.events.task-run"

if __name__ == "__main__":
    unittest.main()
