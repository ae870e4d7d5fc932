"""Commands that a plugin declares are commands of the program, with its help and exit codes."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import unittest
from contextlib import closing
from pathlib import Path
from typing import ClassVar

from authors.build_service import plugin_folder

from support.jetstream import JetStream
from support.program import flags, hangar
from support.servers import NatsServer
from support.temporary import temporary_folder

_SERVICES = Path(__file__).parent / "services"


class Commands(unittest.TestCase):
    plugins: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        folder = cls.enterClassContext(temporary_folder("authors"))
        cls.plugins = plugin_folder(folder, _SERVICES / "keeper.cpp")

    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("authors"))
        self.file = self.folder / "places.sqlite"
        self.settings: dict[str, object] = {
            "plugins.path": self.plugins,
            "data_dir": self.folder / "data",
            "storage.url": self.file,
            "nats.url": "nats://127.0.0.1:1",
            "services.task_run_recorder.enabled": "false",
        }

    def call(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = hangar(*words, *flags(self.settings))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def places(self) -> list[int]:
        with closing(sqlite3.connect(self.file)) as connection:
            found = connection.execute("SELECT place FROM kept_place ORDER BY 1")
            return [place for [place] in found]

    def test_command_has_storage_settings_publisher_output_and_exit_code(self) -> None:
        nats = self.enterContext(NatsServer())
        stream = self.enterContext(JetStream(nats.url))
        stream.request("STREAM.CREATE.EVENTS", name="EVENTS", subjects=["events.>"])
        stream.publish("events.all", [b"one"] * 10)
        self.settings |= {
            "nats.url": nats.url,
            "storage.create_tables": "true",
            "services.keeper.at_a_time": 2,
        }
        self.call("run", "--until-drained")
        self.assertEqual(self.places(), list(range(1, 11)))

        # A service that is switched off has its commands.
        self.settings["services.keeper.enabled"] = "false"
        trim = ("places", "trim", "--before", "4")
        self.assertEqual(self.call(*trim, "--dry-run").stdout, "2\n")
        self.assertEqual(self.places(), list(range(1, 11)))
        done = self.call(*trim, "--reason=disk", code=3)
        self.assertEqual(done.stdout, "2\n")
        self.assertIn("there may be more than 2", done.stderr)
        self.assertEqual(self.call(*trim).stdout, "1\n")
        self.assertEqual(self.places(), list(range(4, 11)))
        notes = [(note.subject, note.data) for note in stream.messages("TRIMS")]
        self.assertEqual(notes, [("trims.disk", b"2"), ("trims.manual", b"1")])

    def test_what_cannot_be_reached_or_used_ends_it_as_other_commands(self) -> None:
        done = self.call("places", "trim", code=69)
        self.assertIn("NATS cannot be reached", done.stderr)
        self.settings["services.keeper.at_a_time"] = 0
        self.assertIn("at_a_time", self.call("places", "trim", code=78).stderr)

    def test_help_and_lists_show_it(self) -> None:
        self.assertIn("places", self.call("--help").stdout)
        self.assertIn("trim", self.call("places", "--help").stdout)
        said = self.call("places", "trim", "--help").stdout
        for text in ("--dry-run", "--before NUMBER", "1 to 1000000", "--reason manual|disk",
                     "else manual", "--config"):  # fmt: skip
            self.assertIn(text, said)
        found = json.loads(self.call("services", "ls", "-o", "json").stdout)
        self.assertEqual(
            {service["name"]: service["commands"] for service in found}["keeper"],
            [
                {
                    "name": "trim",
                    "group": "places",
                    "description": "Delete the places of old messages",
                }
            ],
        )

    def test_what_is_not_understood_is_a_usage_error(self) -> None:
        for words, said in (
            (("place", "trim"), "no command 'place' (did you mean 'places'?)"),
            (("places",), "`hangar places` needs a command: trim"),
            (("places", "tri"), "no command 'tri' (did you mean 'trim'?)"),
            (("places", "trim", "--dry"), "no flag '--dry'"),
            (("places", "trim", "--before", "0"), "expected an integer, 1 to 1000000, not '0'"),
            (("places", "trim", "--reason", "x"), "expected one of manual, disk, not 'x'"),
            (("places", "trim", "all"), "takes no word 'all'"),
        ):
            with self.subTest(words=words):
                done = self.call(*words, code=2)
                self.assertEqual(done.stdout, "")
                self.assertIn(said, done.stderr)

    def test_two_plugins_with_one_word_have_no_command(self) -> None:
        for name, group, said in (
            ("other", "places", "services keeper and other both have some"),
            ("other", "config", "Hangar has a command of that name itself"),
        ):
            with self.subTest(group=group):
                folder = self.enterContext(temporary_folder("authors"))
                source = (_SERVICES / "keeper.cpp").read_text()
                source = source.replace('"keeper", "1.0.0"', f'"{name}", "1.0.0"')
                (folder / f"{name}.cpp").write_text(source.replace('"places"', f'"{group}"'))
                plugins = plugin_folder(folder, folder / f"{name}.cpp")
                shutil.copy(self.plugins / "keeper.so", plugins)
                self.settings["plugins.path"] = plugins
                done = self.call(group, "trim", code=2)
                self.assertIn(said, done.stderr)
                self.call("services", "ls")


if __name__ == "__main__":
    unittest.main()
